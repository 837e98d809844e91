// SPDX-License-Identifier: Apache-2.0

package telling_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/app/telling"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/redact/redacttest"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/transitions"
	"syncer.dev/syncer/internal/workspace"
)

var phi = workspace.Key{Namespace: "default", Name: "phi"}

// audience hears everything.
type audience struct {
	told   []transitions.Transition
	events []*unstructured.Unstructured
	err    error
}

func (a *audience) Tell(all []transitions.Transition, _ time.Time) { a.told = append(a.told, all...) }

func (a *audience) Emit(_ context.Context, e *unstructured.Unstructured) error {
	a.events = append(a.events, e)
	return a.err
}

func outcome(before, after status.State, message string) reconcile.Outcome {
	is := func(s status.State) []status.Report {
		return []status.Report{{Key: phi, State: s, ObservedCommit: "9be0d1100000000", Conditions: []status.Condition{
			{Type: status.WorkspaceSucceeded, Status: "False", Reason: "UnknownField", Message: message},
		}}}
	}
	return reconcile.Outcome{Previous: is(before), Reports: is(after), Objects: []cluster.Object{{
		Ref:       cluster.Ref{Group: "apps", Version: "v1", Kind: "StatefulSet", Namespace: "default", Name: "phi"},
		Workspace: phi,
	}}}
}

// TestPassed: all hear of a transition once, none of a pass that changes nothing or of what another process tells, and
// no secret is in it.
func TestPassed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		a := &audience{}
		teller := telling.New(slog.New(diag.NewLogHandler(&log, nil)), a, a)
		ctx, cancel := context.WithCancel(t.Context())
		go teller.Run(ctx)
		teller.Passed(outcome(status.Ready, status.Failed, redacttest.Text()), nil, time.Now())
		teller.Passed(outcome(status.Failed, status.Failed, "the same"), nil, time.Now())
		unchanged := outcome(status.Ready, status.Failed, "repeated")
		unchanged.Unchanged = true
		teller.Passed(unchanged, nil, time.Now())
		others := func(namespace string) bool { return namespace != phi.Namespace }
		teller.Passed(outcome(status.Ready, status.Failed, "of another process"), others, time.Now())
		synctest.Wait()
		if len(a.told) != 1 || len(a.events) != 1 {
			t.Fatalf("told %d, and %d Events", len(a.told), len(a.events))
		}
		for _, want := range []string{
			`level=WARN msg="Workspace default/phi: Ready -> Failed (UnknownField)" workspace=default/phi reason=UnknownField`,
			"commit=9be0d1100000",
		} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("no %s in\n%s", want, log.String())
			}
		}
		data, err := a.events[0].MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		redacttest.Look(t, "an Event", string(data))
		redacttest.Look(t, "the log", log.String())
		redacttest.Look(t, "a notification", a.told[0].Message)
		cancel()
		synctest.Wait()
	})
}

// TestForbidden: that Events cannot be created is logged once.
func TestForbidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		a := &audience{err: errors.New("events.events.k8s.io is forbidden")}
		teller := telling.New(slog.New(diag.NewLogHandler(&log, nil)), nil, a)
		ctx, cancel := context.WithCancel(t.Context())
		go teller.Run(ctx)
		for range 3 {
			teller.Passed(outcome(status.Ready, status.Failed, "x"), nil, time.Now())
		}
		synctest.Wait()
		if n := strings.Count(log.String(), "cannot create Kubernetes Events"); n != 1 || len(a.events) != 3 {
			t.Errorf("%d Events, and %d lines:\n%s", len(a.events), n, log.String())
		}
		cancel()
		synctest.Wait()
	})
}
