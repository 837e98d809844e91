// SPDX-License-Identifier: Apache-2.0

package suspend

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/cli/scaffold"
	"syncer.dev/syncer/internal/config"
)

// TestSuspension reads what a person asks for, at noon.
func TestSuspension(t *testing.T) {
	noon := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		request Request
		want    scaffold.Suspend
		err     string
	}{
		"one": {
			Request{Args: []string{"phi"}, Namespace: "default", Reason: " a\n b "},
			scaffold.Suspend{Namespace: "default", Name: "phi", Reason: "a b"},
			"",
		},
		"its namespace in the name": {
			Request{Args: []string{"team/phi"}, Namespace: "default", Reason: "a", For: time.Hour},
			scaffold.Suspend{Namespace: "team", Name: "phi", Reason: "a", Until: noon.Add(time.Hour)},
			"",
		},
		"all": {
			Request{All: true, Namespace: "default", Reason: "a", Until: "2026-08-02T00:00:00Z"},
			scaffold.Suspend{Reason: "a", Until: noon.Add(12 * time.Hour)},
			"",
		},
		"nothing":     {Request{Reason: "a"}, scaffold.Suspend{}, "name a Workspace"},
		"one and all": {Request{Args: []string{"phi"}, All: true, Reason: "a"}, scaffold.Suspend{}, "name a Workspace"},
		"no reason":   {Request{All: true, Reason: " "}, scaffold.Suspend{}, "--reason is missing"},
		"another file": {
			Request{Args: []string{"../phi/x"}, Reason: "a"}, scaffold.Suspend{}, "is not the name of a Workspace",
		},
		"a negative time": {Request{All: true, Reason: "a", For: -1}, scaffold.Suspend{}, "--for must be positive"},
		"a time that is over": {
			Request{All: true, Reason: "a", Until: "2026-08-01T12:00:00Z"}, scaffold.Suspend{}, "is over",
		},
	} {
		got, err := tt.request.Suspension(noon)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %q", name, err, tt.err)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestWhenItCounts(t *testing.T) {
	for want, s := range map[string]config.Source{
		"It counts once it is on branch main. Commit it, and push.":                        {Branch: "main"},
		"It counts once tag v1.2 names a commit that has it. Commit it, and move the tag.": {Tag: "v1.2"},
		"It counts once source.commit names a commit that has it.":                         {Commit: strings.Repeat("0", 40)},
	} {
		if got := whenItCounts(s); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
