// SPDX-License-Identifier: Apache-2.0

package git

import "syncer.dev/syncer/internal/git/trailer"

// Trailers returns the values of all trailers of the message named key, in order: see trailer.Values.
func (c Commit) Trailers(key string) []string { return trailer.Values(c.Message, key) }

// Trailer returns the value of the last trailer named key.
func (c Commit) Trailer(key string) (value string, ok bool) {
	all := c.Trailers(key)
	if len(all) == 0 {
		return "", false
	}
	return all[len(all)-1], true
}
