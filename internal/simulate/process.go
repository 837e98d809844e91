// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/simulate/apiserver"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// process is one syncer. It runs in a goroutine of its own, but never at the same time as anything else: it waits at
// the gate, or the scheduler waits for it.
type process struct {
	w     *World
	name  string
	skew  time.Duration // of its clock
	loop  *reconcile.Loop
	began time.Time // of the pass
	last  *reconcile.Outcome

	thorough bool // its passes compute everything
	share    shard.Share

	waits *call // at the gate; nil between passes
	calls chan *call
	fates chan fate

	seen
}

// seen is what a process knows, which its requests are judged by.
type seen struct {
	revision  reconcile.Revision
	fetched   bool // the last fetch succeeded
	pools     []capacity.LivePool
	listed    bool                 // the last list succeeded
	quotaAt   time.Time            // when the quota was read
	started   map[string]time.Time // of the pass that began an operation on a pool, since the last list
	state     cluster.State
	previewed map[cluster.Ref]error
	contents  map[cluster.Ref]*unstructured.Unstructured // of state
	carried   int                                        // the last commit whose deletions have not waited
	restarted map[workspace.Key]bool                     // that this pass has interrupted
	gone      map[workspace.Key]bool                     // that this pass has deleted, and that have no file
	refused   map[string]bool                            // Workspaces with an object that this pass could not apply
	watches   [apiserver.Kinds]int                       // positions in the history of the API server
	watching  bool
	versions  reconciletest.Versions // of the states that the watches have shown

	// freshPools and freshState say that nothing has changed since the pools, or the cluster, were read.
	freshPools, freshState bool
}

// call is a call of a port that waits at the gate.
type call struct {
	kind   string
	target string
	change *capacity.PoolChange
	object *unstructured.Unstructured
}

func (c *call) String() string {
	if c.target == "" {
		return c.kind
	}
	return c.kind + " " + c.target
}

// fate is what the scheduler lets happen to a call.
type fate struct {
	err    error // the answer; nil for that of the model
	done   bool  // with err: the effect takes place, and only its answer is lost
	refuse bool  // err concerns one object only
	death  death
	stale  bool // a read returns what was
}

// death is when a call ends its process.
type death string

const (
	survives death = ""
	before   death = "killed before"
	after    death = "killed after"
)

// start begins a process without memory.
func (w *World) start(name string, skew time.Duration) *process {
	p := &process{w: w, name: name, skew: skew, calls: make(chan *call), fates: make(chan fate)}
	p.started = map[string]time.Time{}
	p.loop = reconcile.New(w.settings(), reconcile.Parts{
		Share:    p.shareOfPass(),
		Source:   p,
		Commits:  p,
		Recorder: recorder{p},
		Cluster:  kubernetes{p},
		Look:     p.look,
		Cloud:    azure{p},
		Read:     w.read,
		Log:      slog.New(slog.NewTextHandler(io.Discard, nil)),
		Health: components.NewHealth(
			components.Git, components.Status, components.Kubernetes, components.Azure,
		),
		Now: func() time.Time { return time.Now().Add(p.skew) },
	})
	w.processes = append(w.processes, p)
	return p
}

// pass begins a pass, and runs it up to its first call.
func (p *process) pass(due reconcile.Due) {
	p.began, p.refused = time.Now(), map[string]bool{}
	p.previewed = map[cluster.Ref]error{}
	p.restarted, p.gone = map[workspace.Key]bool{}, map[workspace.Key]bool{}
	go func() {
		defer func() {
			if r := recover(); r != nil {
				p.w.violated("panic: %v\n%s", r, debug.Stack())
			}
			p.calls <- nil
		}()
		out := p.loop.Pass(context.Background(), due)
		p.last = &out
		p.ended(&out)
	}()
	p.waits = <-p.calls
}

// waiting are the reasons for which a Workspace is not changed yet, or not at all.
var waiting = []string{
	status.RolloutWaiting, status.DependencyNotReady,
	string(diag.Suspended), string(diag.Observed), string(diag.MassDeletion),
}

// ended notes what came of a pass.
func (p *process) ended(out *reconcile.Outcome) {
	if out.Unchanged {
		p.w.meet("a pass that ends at once")
	}
	switch {
	case out.Plan.Guard.Mass.Held():
		p.w.meet("many deletions wait to be allowed")
	case out.Carried:
		_, _ = fmt.Sscanf(out.Commit, "c%d", &p.carried) // without a commit it stays
	}
	for _, r := range out.Reports {
		for _, c := range r.Conditions {
			if c.Type == status.Applied && slices.Contains(waiting, c.Reason) {
				p.w.meet("a Workspace waits: " + c.Reason)
			}
		}
	}
}

// Fetch implements reconcile.Source.
func (p *process) Fetch(context.Context) (reconcile.Revision, error) {
	p.fetched = false
	f := p.gate(call{kind: "fetch"})
	if f.err == nil {
		p.revision, p.fetched = p.w.git.Tip(), true
	}
	return p.revision, p.answer(f)
}

// gate waits until the scheduler admits the call. It does not return if the process ends there.
func (p *process) gate(c call) fate {
	p.calls <- &c
	f := <-p.fates
	if f.death == before {
		runtime.Goexit()
	}
	return f
}

// answer ends a call whose effect has taken place.
func (p *process) answer(f fate) error {
	if f.death == after {
		runtime.Goexit()
	}
	return f.err
}

// admit lets the process go on from the gate to its next call.
func (p *process) admit(f fate) {
	p.w.acting = p
	p.fates <- f
	p.waits = <-p.calls
	p.w.acting = nil
}

// end removes a process from the world. One that waits at the gate ends there.
func (w *World) end(p *process) {
	if p.waits != nil {
		p.admit(fate{death: before})
	}
	for i, q := range w.processes {
		if p == q {
			w.processes = append(w.processes[:i:i], w.processes[i+1:]...)
			return
		}
	}
}

// strict reports whether nothing has changed since the process looked: then the world itself judges its requests.
func (p *process) strict() bool { return p.freshPools && p.freshState }

// changed notes that the world is not what processes have seen, but for the one that has changed it.
func (w *World) changed() {
	for _, p := range w.processes {
		if p != w.acting {
			p.freshPools, p.freshState = false, false
		}
	}
}

// violated notes that something happened that must not.
func (w *World) violated(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if p := w.acting; p != nil {
		text = p.name + ": " + text
	}
	w.violations = append(w.violations, text)
	w.trace.Note("VIOLATION %d", len(w.violations))
}
