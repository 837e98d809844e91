// SPDX-License-Identifier: Apache-2.0

package status

import (
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/workspace"
)

// TestFirstSeenIsKept keeps the time of the first report, and reads back no time that syncer did not write.
func TestFirstSeenIsKept(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	key := workspace.Key{Namespace: "default", Name: "a"}
	first := Observe(nil, Input{Key: key}, now)
	if !first.FirstSeen.Equal(now) {
		t.Fatalf("first seen %v", first.FirstSeen)
	}
	file := string(first.YAML())
	for name, tt := range map[string]struct {
		line string
		want time.Time
	}{
		"as written":                   {`firstSeen: "2026-05-01T12:00:00Z"`, now},
		"in another zone":              {`firstSeen: "2026-05-01T14:00:00+02:00"`, now},
		"in the future":                {`firstSeen: "2099-05-01T12:00:00Z"`, now.Add(time.Hour)},
		"before syncer was there":      {`firstSeen: "1970-01-01T00:00:00Z"`, now}, // the transition of its condition
		"no time":                      {`firstSeen: "yesterday"`, now},
		"of a version that lacks it":   {"", now},
		"another type":                 {`firstSeen: 12`, now},
		"a time that no clock reaches": {`firstSeen: "9999-99-99T99:99:99Z"`, now},
	} {
		text := strings.Replace(file, `firstSeen: "2026-05-01T12:00:00Z"`, tt.line, 1)
		got := FromFiles(map[string][]byte{"default/a.yaml": []byte(text)}, now.Add(time.Hour))
		if len(got) != 1 || !got[0].FirstSeen.Equal(tt.want) {
			t.Errorf("%s: %+v, want %v", name, got, tt.want)
			continue
		}
		if again := Observe(got[0], Input{Key: key}, now.Add(2*time.Hour)); !again.FirstSeen.Equal(tt.want) {
			t.Errorf("%s: the next report says %v", name, again.FirstSeen)
		}
	}
}
