// SPDX-License-Identifier: Apache-2.0

package pullrequest_test

import (
	"testing"

	"syncer.dev/syncer/internal/app/pullrequest"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// TestUnreported: an error that no report is about is handed to the follower of merged commits, and no other.
func TestUnreported(t *testing.T) {
	key := func(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }
	problem := func(file, name string, severity diag.Severity) diag.Diagnostic {
		d := diag.Errorf(diag.InvalidValue, "it is wrong").In(file)
		d.Severity = severity
		if name != "" {
			d.Workspace = key(name)
		}
		return d
	}
	got := pullrequest.Unreported(reconcile.Outcome{
		Reports: []*status.Report{{Key: key("phi")}},
		Plan: plan.Plan{Problems: []diag.Diagnostic{
			problem("new.yaml", "", diag.Error),
			problem("phi.yaml", "phi", diag.Error),
			problem("other.yaml", "other", diag.Error),
			problem("odd.yaml", "", diag.Warning),
		}},
	})
	if len(got) != 2 || got[0].Path != "new.yaml" || got[1].Path != "other.yaml" {
		t.Errorf("%v", got)
	}
}
