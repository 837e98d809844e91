// SPDX-License-Identifier: Apache-2.0

package render

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// dnsLabel makes a valid name of a container or a volume: no dots, and at most 63 characters. A changed name ends in a
// hash of the original, so that two names never become equal.
func dnsLabel(name string) string {
	out := strings.ReplaceAll(name, ".", "-")
	if out == name && len(out) <= 63 {
		return out
	}
	sum := sha256.Sum256([]byte(name))
	return out[:min(len(out), 54)] + "-" + hex.EncodeToString(sum[:4])
}
