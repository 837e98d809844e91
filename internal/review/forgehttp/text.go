// SPDX-License-Identifier: Apache-2.0

package forgehttp

import (
	"errors"
	"fmt"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Sendable returns an error unless body is a comment that a forge takes, of at most limit bytes, with the marker by
// which it is found again.
func Sendable(marker, body string, limit int) error {
	switch {
	case marker == "" || !strings.Contains(body, marker):
		return errors.New("the text does not contain its marker")
	case len(body) > limit:
		return fmt.Errorf("the text has %d bytes; the forge takes %d", len(body), limit)
	}
	return nil
}

// Written is a text that was sent, and what the forge has kept of it: forges change line ends and spaces, and may
// change more. Comparing only with what was sent would write the same text again and again.
type Written struct{ Sent, Kept string }

// Equal reports whether what a forge holds is what it makes of body.
func (w Written) Equal(body, held string) bool {
	return trimmed(body) == trimmed(held) || w.Sent == body && w.Kept == held && w.Kept != ""
}

func trimmed(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r", "")) }

// Cache returns an empty cache for n entries, of which the one that was not used for longest goes first.
func Cache[K comparable, V any](n int) *lru.Cache[K, V] {
	c, _ := lru.New[K, V](n) // the only error is for n <= 0
	return c
}
