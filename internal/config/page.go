// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/diag"
)

// Page configures the page at /.
type Page struct {
	Access  string        `yaml:"access" usage:"who sees the page at /: loopback (this machine), token or none"`
	KeyFile string        `yaml:"keyFile" usage:"file with a key that seals sessions, the same for all replicas"`
	KeyEnv  string        `yaml:"keyEnv" usage:"environment variable with the key that seals sessions"`
	Session time.Duration `yaml:"session" usage:"time after which a user signs in again"`
}

// The values of page.access.
const (
	AccessLoopback = "loopback"
	AccessToken    = "token"
	AccessNone     = "none"
)

// defaultPage shows the page to this machine alone.
func defaultPage() Page { return Page{Access: AccessLoopback, Session: 12 * time.Hour} }

func (c *check) page() {
	p := c.Page
	accesses := []string{AccessLoopback, AccessToken, AccessNone}
	switch {
	case !slices.Contains(accesses, p.Access):
		c.fail(diag.InvalidValue, "page.access", "use "+strings.Join(accesses, " or "), "%q is not a valid value", p.Access)
	case p.Session < time.Minute || p.Session > 30*24*time.Hour:
		c.fail(diag.OutOfRange, "page.session", "", "must be between 1m and 720h, not %s", p.Session)
	case p.Access == AccessToken && c.Lease.Enabled == LeaseAlways && p.KeyFile == "" && p.KeyEnv == "":
		c.fail(diag.ConflictingFields, "page.access", "name a file with a key for all replicas in page.keyFile",
			"requires page.keyFile or page.keyEnv with several replicas: each would refuse the sessions of the others")
	}
}
