// SPDX-License-Identifier: Apache-2.0

package telling_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/app/telling"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/fence"
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
	takes  time.Duration // to create an Event
}

func (a *audience) Tell(all []transitions.Transition, _ time.Time) { a.told = append(a.told, all...) }

func (a *audience) Emit(_ context.Context, e *unstructured.Unstructured) error {
	time.Sleep(a.takes)
	a.events = append(a.events, e)
	return a.err
}

func outcome(before, after status.State, message string) reconcile.Outcome {
	is := func(s status.State) []*status.Report {
		return []*status.Report{{Key: phi, State: s, ObservedCommit: "9be0d1100000000", Conditions: []status.Condition{
			{Type: status.WorkspaceSucceeded, Status: "False", Reason: "UnknownField", Message: message},
		}}}
	}
	return reconcile.Outcome{Previous: is(before), Reports: is(after), Objects: []*cluster.Object{{
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

// TestEventsOfManyAreBounded: of a fleet that fails at once as many Events are created as wait at most, and the log
// says once for each time that others are not. Nothing holds up the pass.
func TestEventsOfManyAreBounded(t *testing.T) {
	const fleet, most = 1000, 500
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		a := &audience{takes: 20 * time.Millisecond}
		teller := telling.New(slog.New(diag.NewLogHandler(&log, nil)), nil, a)
		ctx, cancel := context.WithCancel(t.Context())
		go teller.Run(ctx)
		synctest.Wait()
		for round, states := range [][2]status.State{
			{status.Ready, status.Failed}, {status.Failed, status.Ready}, {status.Ready, status.Failed},
		} {
			before, began := len(a.events), time.Now()
			teller.Passed(outcomeOf(fleet, states[0], states[1]), nil, time.Now())
			if took := time.Since(began); took > 0 {
				t.Errorf("round %d: the pass waits for %s", round, took)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			if n := len(a.events) - before; n < most || n > most+1 {
				t.Errorf("round %d: %d Events", round, n)
			}
			if n := strings.Count(log.String(), "Events are dropped"); n != round+1 {
				t.Errorf("round %d: the log says %d times that Events are dropped", round, n)
			}
		}
		cancel()
		synctest.Wait()
	})
}

// outcomeOf is that of a pass in which so many Workspaces go from one state to another.
func outcomeOf(count int, before, after status.State) reconcile.Outcome {
	var all reconcile.Outcome
	for i := range count {
		one := outcome(before, after, "the driver has failed")
		key := workspace.Key{Namespace: "default", Name: fmt.Sprint("phi-", i)}
		one.Previous[0].Key, one.Reports[0].Key = key, key
		one.Objects[0].Workspace, one.Objects[0].Name = key, key.Name
		all.Previous, all.Reports = append(all.Previous, one.Previous...), append(all.Reports, one.Reports...)
		all.Objects = append(all.Objects, one.Objects...)
	}
	return all
}

// TestNotLeader: an Event that the fence refuses, because another replica may lead, is no error that a person reads.
func TestNotLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		a := &audience{err: fmt.Errorf("create an Event: %w", fence.ErrNotLeader)}
		teller := telling.New(slog.New(diag.NewLogHandler(&log, nil)), nil, a)
		ctx, cancel := context.WithCancel(t.Context())
		go teller.Run(ctx)
		teller.Passed(outcome(status.Ready, status.Failed, "x"), nil, time.Now())
		synctest.Wait()
		if len(a.events) != 1 || strings.Contains(log.String(), "cannot create") {
			t.Errorf("%d Events:\n%s", len(a.events), log.String())
		}
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
