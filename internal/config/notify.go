// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"path"

	"syncer.dev/syncer/internal/diag"
)

// notify checks the values below notify. The URLs are read when they are needed.
func (c *check) notify() {
	n := c.Notify
	if n.URLsFile != "" && n.URLsEnv != "" {
		c.fail(diag.ConflictingFields, "notify.urlsFile", "keep one of them", "excludes notify.urlsEnv")
	}
	if n.Quiet < 0 {
		c.fail(diag.OutOfRange, "notify.quiet", "", "must not be negative")
	}
	for field, patterns := range map[string][]string{"notify.workspaces": n.Workspaces, "notify.reasons": n.Reasons} {
		for i, p := range patterns {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				c.fail(diag.InvalidValue, fmt.Sprintf("%s[%d]", field, i), "write a pattern with * and ?", "%q is not a pattern", p)
			}
		}
	}
}
