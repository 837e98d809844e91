// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
)

// ErrDown is the error of an unreachable part.
var ErrDown = errors.New("connection refused")

// All makes a pass observe everything.
var All = reconcile.Due{Source: true, Cloud: true}

// Simulator is the environment of syncer: Git, Kubernetes and Azure.
type Simulator struct {
	Git        *Git
	Kubernetes *Kubernetes
	Azure      *capacitytest.Checked

	Cache  *render.Cache      // shared by all loops; nil: none
	Health *components.Health // of the last loop
	// Preemption is policy.preemption: allow.
	Preemption bool
	// Changes are the verdicts of section policy.
	Changes desired.ChangePolicy
	Rollout rollout.Limit // off
	Reviews *Reviews
	Review  reconcile.ReviewSettings // off
	Prices  capacity.Prices          // zero: those of the binary
	Presets fs.FS                    // of the binary; nil: those of the fixtures

	t   testing.TB
	rng *rand.Rand // nil unless it is Random
}

// New returns a Simulator with an empty repository, an empty cluster, and an unmanaged pool.
func New(t testing.TB) *Simulator {
	azure := capacitytest.NewChecked(t)
	azure.InFlight = 3
	azure.Put(capacity.LivePool{
		Name:  "foreign",
		Size:  "Standard_NC24ads_A100_v4",
		Count: 1,
		State: capacity.Succeeded,
	})
	git := &Git{AllowEmpty: true, files: map[string]string{}, status: map[string][]byte{}}
	s := &Simulator{Git: git, Kubernetes: newKubernetes(t, git, azure), Azure: azure, Reviews: &Reviews{}, t: t}
	azure.Readable = func() bool { return git.Down == nil && s.Kubernetes.Down == nil }
	return s
}

const clusterName = "demo"

// Policy returns the policy of the loops.
func (s *Simulator) Policy() desired.Policy {
	return desired.Policy{
		Cluster:    clusterName,
		Region:     "eastus",
		Prune:      true,
		Limits:     s.Azure.Limits,
		Preemption: s.Preemption,
		Changes:    s.Changes,
		Rollout:    s.Rollout,
		Prices:     s.Prices,
	}
}

// Settings returns the settings of the loops.
func (s *Simulator) Settings() reconcile.Settings {
	return reconcile.Settings{
		Policy:        s.Policy(),
		Version:       "test",
		Interval:      30 * time.Second,
		CloudInterval: 15 * time.Second,
		Debounce:      10 * time.Second,
		Resync:        10 * time.Minute,
		Review:        s.Review,
	}
}

// Parts returns the dependencies of a loop, with a new Health.
func (s *Simulator) Parts() reconcile.Parts {
	s.Health = components.NewHealth(
		components.Git, components.Status, components.Kubernetes, components.Azure,
	)
	return reconcile.Parts{
		Source:   s.Git,
		Recorder: &recorder{Git: s.Git},
		Reviews:  s.Reviews,
		Commits:  s.Git,
		Cluster:  s.Kubernetes,
		Cloud:    s.Azure,
		Read:     s.Read,
		Log:      slog.New(slog.NewTextHandler(io.Discard, nil)),
		Health:   s.Health,
	}
}

// Read reads a revision with the presets of the Simulator.
func (s *Simulator) Read(r reconcile.Revision) (desired.Input, error) {
	presets := s.Presets
	if presets == nil {
		presets = Presets()
	}
	return desired.Read(r.Files, presets, load.Options{}, workspace.Env{}, s.Cache)
}

// Loop returns a loop without a history, as after a restart.
func (s *Simulator) Loop() *reconcile.Loop { return reconcile.New(s.Settings(), s.Parts()) }

// Advance advances the time. Then nodes join and pods start.
func (s *Simulator) Advance(d time.Duration) {
	time.Sleep(d)
	s.Azure.Nodes.Step()
}

// Pass runs one pass that observes everything, and advances the time.
func (s *Simulator) Pass(l *reconcile.Loop, d time.Duration) reconcile.Outcome {
	out := l.Pass(s.t.Context(), All)
	s.Advance(d)
	return out
}

// Passes runs count passes, a minute apart, and returns the outcome of the last.
func (s *Simulator) Passes(l *reconcile.Loop, count int) reconcile.Outcome {
	var last reconcile.Outcome
	for range count {
		last = s.Pass(l, time.Minute)
	}
	return last
}

// Settle runs passes until nothing is left to do, and returns the last outcome.
func (s *Simulator) Settle(l *reconcile.Loop) reconcile.Outcome {
	s.t.Helper()
	for range 60 {
		if out := s.Pass(l, 20*time.Second); out.Settled {
			return out
		}
	}
	s.t.Fatalf("the loop does not settle: %s", s)
	return reconcile.Outcome{}
}

// Heal ends all failures, and removes unmanaged pods. Unreadable files stay: see Git.Repair.
func (s *Simulator) Heal() {
	s.Git.Down, s.Git.RecordDown, s.Kubernetes.Down = nil, nil, nil
	clear(s.Kubernetes.Refused)
	s.Azure.Nodes.RemoveForeign()
	s.Azure.Nodes.Late = 0
	s.Azure.Set(func(f *capacitytest.Fake) {
		f.Refuse, f.Locked, f.Fail, f.NoNodes, f.Once, f.Down, f.Stopped = nil, nil, nil, nil, nil, nil, false
	})
}

// Observed is the present input of a plan.
type Observed struct {
	Revision reconcile.Revision
	State    cluster.State
	Pools    []capacity.LivePool
	Quota    capacity.Quota
	Status   map[string][]byte // recorded files, by path relative to the cluster's folder
}

// Observe returns the state of all parts, also of unreachable ones.
func (s *Simulator) Observe() Observed {
	s.t.Helper()
	var azure error
	s.Azure.Set(func(f *capacitytest.Fake) { azure, f.Down = f.Down, nil })
	defer s.Azure.Set(func(f *capacitytest.Fake) { f.Down = azure })
	quota, err := s.Azure.Quota(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return Observed{
		Revision: s.Git.Tip(),
		State:    s.Kubernetes.State(),
		Pools:    s.Azure.Live(),
		Quota:    quota,
		Status:   s.Git.Status(),
	}
}

// Owned lists the pools of syncer in the order of their names.
func (s *Simulator) Owned() []capacity.LivePool {
	var out []capacity.LivePool
	for _, p := range s.Azure.Live() {
		if p.Owned {
			out = append(out, p)
		}
	}
	return out
}

// String lists the knobs, the files, the pools with their nodes, and the workloads with their pods.
func (s *Simulator) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "limits %+v, quota %d, files %q\n", s.Azure.Limits, s.Azure.VCPUs, s.Git.files)
	fmt.Fprintf(
		&b,
		"Git %v, %v, Kubernetes %v, refused %v\n",
		s.Git.Down,
		s.Git.RecordDown,
		s.Kubernetes.Down,
		s.Kubernetes.Refused,
	)
	nodes := s.Azure.Fake.Nodes()
	for _, p := range s.Azure.Live() {
		fmt.Fprintf(&b, "pool %s %s x%d %s for %s, nodes %v\n", p.Name, p.Size, p.Count, p.State, p.Workspace, nodes[p.Name])
	}
	for _, w := range s.Azure.Nodes.Workloads() {
		fmt.Fprintf(&b, "workload %s on %s %s:", w.Name, w.Pool, w.Finished)
		for _, p := range s.Azure.Nodes.Pods(w.Name) {
			fmt.Fprintf(&b, " %s on %q (%d GPUs)", p.Name, p.Node, p.GPUs)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "writes to Azure %q\n", s.Azure.Written)
	return b.String()
}
