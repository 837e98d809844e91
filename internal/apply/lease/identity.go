// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"crypto/rand"
	"os"
)

// NewIdentity returns the name of a candidate: the host, which is that of the pod, and a random part, since two
// processes may have one host.
func NewIdentity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "syncer" // the random part tells candidates apart
	}
	return host + "_" + rand.Text()[:8]
}
