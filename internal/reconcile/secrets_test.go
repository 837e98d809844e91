// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan/document"
	"syncer.dev/syncer/internal/plan/markdown"
	"syncer.dev/syncer/internal/plan/terminal"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/redact/redacttest"
)

// TestNothingSecretIsReported: every server says every secret, and so does the repository. None comes out: not in the
// log, in the plan, in status files, in commit messages nor in errors.
func TestNothingSecretIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := reconciletest.New(t)
		var log bytes.Buffer
		parts := s.Parts()
		parts.Log = slog.New(diag.NewLogHandler(&log, nil))
		l := reconcile.New(s.Settings(), parts)
		look := func(out reconcile.Outcome) {
			t.Helper()
			redacttest.Look(t, "the log", log.String())
			for name, data := range s.Git.Status() {
				redacttest.Look(t, name, string(data))
			}
			redacttest.Look(t, "a commit message", strings.Join(s.Git.Messages, "\n"))
			var text bytes.Buffer
			if err := terminal.Write(&text, &out.Plan, terminal.Options{}); err != nil {
				t.Fatal(err)
			}
			redacttest.Look(t, "the plan", text.String())
			redacttest.Look(t, "the comment", markdown.Render(out.Plan, markdown.Options{}))
			document, err := json.Marshal(document.Of(&out.Plan))
			if err != nil {
				t.Fatal(err)
			}
			redacttest.Look(t, "the plan as JSON", string(diag.EscapeJSON(document)))
			if out.Err != nil {
				redacttest.Look(t, "an error", strings.Join(diag.ErrorLines(out.Err), "\n"))
			}
		}
		s.Git.Push("phi.yaml", reconciletest.Phi)
		s.Git.Push("automatic.yaml", reconciletest.Named(reconciletest.Automatic, "automatic"))
		for i, secret := range redacttest.Secrets() {
			s.Git.Push(fmt.Sprintf("broken/%d.yaml", i), fmt.Sprintf(
				"apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: w%d, annotations: {kaito.sh/runtime: %q}}\n"+
					"inference: {preset: {name: %q}, config: %q}\n", i, secret.Form, secret.Form, secret.Form))
			if !strings.ContainsAny(secret.Form, `/\"`) {
				s.Git.Push("broken/"+secret.Form+".yaml", "a: [")
			}
		}
		s.Kubernetes.Refused["phi"] = redacttest.Error{}
		s.Azure.Set(func(f *capacitytest.Fake) {
			f.Refuse = map[string]*capacity.CloudError{}
			for sku := range capacity.SKUs() {
				f.Refuse[sku.Name] = &capacity.CloudError{
					Class: capacity.ClassInvalid, Code: "Refused", Message: redacttest.Error{}.Error(),
				}
			}
		})
		for range 3 {
			look(s.Pass(l, time.Minute))
		}
		if len(s.Git.Status()) < 30 || !strings.Contains(log.String(), "[redacted]") {
			t.Errorf("%d files, and this log:\n%s", len(s.Git.Status()), log.String())
		}
		s.Git.Down = redacttest.Error{}
		look(s.Pass(l, time.Minute))
		s.Git.Down, s.Kubernetes.Down = nil, redacttest.Error{}
		look(s.Pass(l, time.Minute))
		s.Kubernetes.Down = nil
		s.Azure.Set(func(f *capacitytest.Fake) { f.Down = redacttest.Error{} })
		look(s.Pass(l, time.Minute))
		s.Azure.Set(func(f *capacitytest.Fake) { f.Down = nil })
		s.Git.RecordDown = redacttest.Error{}
		s.Git.Push("phi.yaml", strings.Replace(reconciletest.Phi, "phi-4-mini-instruct", "nothing", 1))
		look(s.Pass(l, time.Minute))
		if n := strings.Count(log.String(), "cannot be used"); n < 3 {
			t.Errorf("the log names only %d parts that are down:\n%s", n, log.String())
		}
	})
}
