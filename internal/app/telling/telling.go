// SPDX-License-Identifier: Apache-2.0

// Package telling tells all who want to hear what has happened to Workspaces: the log, Kubernetes Events, and the
// receivers of notifications. It never holds up a pass.
package telling

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/apply/occurrence"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/transitions"
)

// Notifier sends messages to people. It never waits.
type Notifier interface {
	Tell(all []transitions.Transition, now time.Time)
}

// Emitter creates Events of Kubernetes.
type Emitter interface {
	Emit(ctx context.Context, event *unstructured.Unstructured) error
}

// Teller is the audience of one loop. New returns one.
type Teller struct {
	log      *slog.Logger
	notifier Notifier // nil for none
	emitter  Emitter  // nil for none
	queue    chan *unstructured.Unstructured
	reporter string
	failed   string // the last logged error of the emitter
	dropped  bool   // Events, since the queue was last empty
}

// maxEvents bounds the Events that wait to be created. What exceeds it is dropped: a fleet that starts all at once has
// more to say than anyone reads.
const maxEvents = 500

// New returns a Teller.
func New(log *slog.Logger, notifier Notifier, emitter Emitter) *Teller {
	host, err := os.Hostname()
	if err != nil {
		host = "syncer"
	}
	return &Teller{
		log: log, notifier: notifier, emitter: emitter,
		queue: make(chan *unstructured.Unstructured, maxEvents), reporter: host,
	}
}

// Passed tells what a pass has changed in the namespaces that are ours: each process that shares the work tells of its
// part. nil is all.
func (t *Teller) Passed(o reconcile.Outcome, ours func(namespace string) bool, now time.Time) {
	if o.Unchanged || o.Previous == nil && o.Reports == nil {
		return
	}
	all := transitions.Between(o.Previous, o.Reports)
	if ours != nil {
		all = slices.DeleteFunc(all, func(is transitions.Transition) bool { return !ours(is.Workspace.Namespace) })
	}
	if len(all) == 0 {
		return
	}
	t.dropped = t.dropped && len(t.queue) > 0 // what waited then has been told
	for i := range all {
		all[i].Message = status.Redact(all[i].Message)
		t.write(all[i])
		t.queueEvent(all[i], o.Objects, now)
	}
	if t.notifier != nil {
		t.notifier.Tell(all, now)
	}
}

// write logs a transition.
func (t *Teller) write(is transitions.Transition) {
	level := slog.LevelInfo
	if is.Severity == transitions.Error {
		level = slog.LevelWarn
	}
	attrs := []any{"workspace", is.Workspace.String(), "reason", is.Reason}
	if is.Commit != "" {
		attrs = append(attrs, "commit", is.Commit[:min(len(is.Commit), 12)])
	}
	if is.Message != "" {
		attrs = append(attrs, "message", is.Message)
	}
	t.log.Log(context.Background(), level, "Workspace "+is.Workspace.String()+": "+is.Title(), attrs...)
}

func (t *Teller) queueEvent(is transitions.Transition, objects []*cluster.Object, now time.Time) {
	if t.emitter == nil {
		return
	}
	about, live := occurrence.Regarding(is.Workspace, objects)
	if !live {
		return
	}
	message := is.Title()
	if is.Message != "" {
		message += ": " + is.Message
	}
	event := occurrence.Event(occurrence.Occurrence{
		Workspace: is.Workspace,
		Warning:   is.Severity > transitions.Info,
		Reason:    is.Reason,
		Message:   message,
		Time:      now,
		Reporter:  t.reporter,
	}, about)
	select {
	case t.queue <- event:
	default:
		if !t.dropped {
			t.dropped = true
			t.log.Warn("Kubernetes Events are dropped, because too many wait")
		}
	}
}

// emitTimeout bounds the creation of one Event.
const emitTimeout = 10 * time.Second

// Run creates the Events that are queued, until ctx is done. It logs an error once, until another one follows.
func (t *Teller) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-t.queue:
			creating, cancel := context.WithTimeout(ctx, emitTimeout)
			err := t.emitter.Emit(creating, event)
			cancel()
			switch {
			case ctx.Err() != nil, errors.Is(err, context.Canceled): // another replica tells of it: see package fence
			case err == nil:
				t.failed = ""
			case err.Error() != t.failed:
				t.failed = err.Error()
				t.log.Warn("syncer cannot create Kubernetes Events (configuration: kubernetesEvents)",
					"error", diag.Redacted(err, status.Redact))
			}
		}
	}
}
