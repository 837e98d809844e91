// SPDX-License-Identifier: Apache-2.0

package transitions_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/transitions"
	"syncer.dev/syncer/internal/workspace"
)

var phi = workspace.Key{Namespace: "default", Name: "phi"}

// report has one condition that is met, or not.
func report(s status.State, kind, is, reason, message string) *status.Report {
	return &status.Report{
		Key: phi, State: s, ObservedCommit: "9be0d11",
		Conditions: []status.Condition{{Type: kind, Status: is, Reason: reason, Message: message}},
	}
}

// TestBetween: a change of the state or of the reason is a transition, with its severity, and nothing else is.
func TestBetween(t *testing.T) {
	creating := report(status.Pending, status.ResourceReady, "False", "PoolPending", "pool wphi is created")
	short := report(status.Pending, status.ResourceReady, "False", "QuotaExceeded", "24 vCPU short")
	shorter := report(status.Pending, status.ResourceReady, "False", "QuotaExceeded", "48 vCPU short")
	ready := report(status.Ready, status.InferenceReady, "True", "Serving", "serves")
	lost := report(status.NotReady, status.InferenceReady, "False", "PodsNotReady", "0 of 1 pods")
	failed := report(status.Failed, status.WorkspaceSucceeded, "False", "UnknownField", "phi.yaml:3:1: unknown field")
	refused := new(*ready)
	refused.DesiredCommit = "7ac01f2"
	refused.Conditions = append(refused.Conditions[:1:1],
		status.Condition{Type: status.Applied, Status: "False", Reason: status.ApplyFailed, Message: "a webhook refuses it"})
	for name, tt := range map[string]struct {
		before, after []*status.Report
		title         string // "" for no transition
		severity      transitions.Severity
		commit        string
	}{
		"new":             {nil, []*status.Report{creating}, "Pending (PoolPending)", transitions.Info, "9be0d11"},
		"the same":        {[]*status.Report{ready}, []*status.Report{ready}, "", 0, ""},
		"another message": {[]*status.Report{short}, []*status.Report{shorter}, "", 0, ""},
		"another reason": {
			[]*status.Report{creating},
			[]*status.Report{short},
			"Pending (QuotaExceeded)", transitions.Warning, "9be0d11",
		},
		"ready": {
			[]*status.Report{creating},
			[]*status.Report{ready},
			"Pending -> Ready (Serving)", transitions.Info, "9be0d11",
		},
		"lost": {
			[]*status.Report{ready},
			[]*status.Report{lost},
			"Ready -> NotReady (PodsNotReady)", transitions.Warning, "9be0d11",
		},
		"failed": {
			[]*status.Report{ready},
			[]*status.Report{failed},
			"Ready -> Failed (UnknownField)", transitions.Error, "9be0d11",
		},
		"its commit is refused": {
			[]*status.Report{ready},
			[]*status.Report{refused},
			"Ready (ApplyFailed)", transitions.Error, "7ac01f2",
		},
		"removed": {[]*status.Report{ready}, nil, "removed", transitions.Info, "9be0d11"},
	} {
		t.Run(name, func(t *testing.T) {
			got := transitions.Between(tt.before, tt.after)
			if tt.title == "" {
				if len(got) > 0 {
					t.Errorf("got %+v", got)
				}
				return
			}
			if len(got) != 1 {
				t.Fatalf("got %+v", got)
			}
			type result struct {
				Workspace workspace.Key
				Title     string
				Severity  string
				Commit    string
			}
			want := result{phi, tt.title, tt.severity.String(), tt.commit}
			is := result{got[0].Workspace, got[0].Title(), got[0].Severity.String(), got[0].Commit}
			if d := cmp.Diff(want, is); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestSeverityOf: names are read back.
func TestSeverityOf(t *testing.T) {
	for i, name := range transitions.Severities() {
		if s, ok := transitions.SeverityOf(name); !ok || int(s) != i || s.String() != name {
			t.Errorf("%s is %v, %v", name, s, ok)
		}
	}
	if _, ok := transitions.SeverityOf("fatal"); ok {
		t.Error("fatal is a severity")
	}
}
