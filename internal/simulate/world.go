// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/simulate/apiserver"
	"syncer.dev/syncer/internal/simulate/branch"
	"syncer.dev/syncer/internal/simulate/trace"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
)

// World is Git, Kubernetes and Azure, with the processes of syncer that work on them. It lives in a bubble of
// testing/synctest, whose time is its time.
type World struct {
	rng     *rand.Rand
	profile profile
	calm    bool // nothing fails any more
	trace   trace.Trace
	met     map[string]int
	// violations are what must not happen and did.
	violations []string

	git       *branch.Repository
	server    *apiserver.Server
	cloud     *capacitytest.Checked
	processes []*process
	acting    *process // whose call is carried out
	next      int      // number of the next process
	swapped   bool     // the first process does not have the fleet
	skews     map[string]time.Duration
	outages   outages
	foreign   map[cluster.Ref]*unstructured.Unstructured // objects of others
	quotaAt   time.Time                                  // of the last change of the quota
	cache     *render.Cache
}

const clusterName = "demo"

// profile says what happens in a world, and how often.
type profile struct {
	pinned    bool // sizes are named, and nothing is short: the end state follows from the files alone
	processes int
	divided   bool // the processes divide the namespaces: see shards.go
	mass      bool // policy.massDeletion is on
	rollout   rollout.Limit
	kill      float64 // of a call
	fail      float64 // of a call, before its effect
	lose      float64 // of a call, after its effect
	lag       float64 // of a read, by kind
	skew      bool    // clocks are wrong
	event     int     // weights of a step
	tick      int
}

// newWorld returns an empty world. Everything in it follows from the seed.
func newWorld(seed uint64, cache *render.Cache) *World {
	w := &World{
		rng:   rand.New(rand.NewPCG(seed, 12)),
		trace: trace.New(),
		met:   map[string]int{},
		skews: map[string]time.Duration{},
		git:   branch.New(),
		cache: cache,

		foreign: map[cluster.Ref]*unstructured.Unstructured{},
	}
	w.profile = w.draw()
	w.cloud = capacitytest.NewChecked(judge{w: w})
	w.cloud.InFlight = 6 // of two processes
	w.cloud.Put(capacity.LivePool{
		Name: "foreign", Size: "Standard_NC24ads_A100_v4", Count: 1, State: capacity.Succeeded,
	})
	w.server = apiserver.New(w.cloud, func() { w.changed() })
	w.server.Refused = func(name string) error { return w.outages.refused[name] }
	return w
}

// draw chooses what happens in this world. Every fourth world is calm but for its events, so that the strictest checks
// are made often.
func (w *World) draw() profile {
	pick := func(of ...float64) float64 { return of[w.rng.IntN(len(of))] }
	p := profile{pinned: w.rng.IntN(2) == 0, processes: 1, event: 4, tick: 12}
	p.mass, p.rollout.Count = w.rng.IntN(2) == 0, w.rng.IntN(3)
	if w.rng.IntN(4) == 0 {
		return p
	}
	p.processes = 1 + w.rng.IntN(2)
	p.kill, p.fail, p.lose = pick(0, .01, .03), pick(0, .02, .06), pick(0, .02, .05)
	p.lag, p.skew = pick(0, .1, .4), w.rng.IntN(2) == 0
	p.event, p.tick = 3+w.rng.IntN(5), 8+w.rng.IntN(24)
	return p
}

func (p profile) String() string {
	kind := ""
	if p.divided {
		kind = "divided, "
	}
	return kind + fmt.Sprintf("%d processes, pinned %t, kill %g, fail %g, lose %g, lag %g, skew %t, mass %t, %s",
		p.processes, p.pinned, p.kill, p.fail, p.lose, p.lag, p.skew, p.mass, p.rollout)
}

func (w *World) settings() reconcile.Settings {
	var changes desired.ChangePolicy
	if w.profile.mass {
		changes.Mass = massPolicy
	}
	return reconcile.Settings{
		Policy: desired.Policy{
			Cluster: clusterName,
			Region:  "eastus",
			Prune:   true,
			Limits:  w.cloud.Limits,
			Changes: changes,
			Rollout: w.profile.rollout,
		},
		Version:       "test",
		Interval:      30 * time.Second,
		CloudInterval: 15 * time.Second,
		Debounce:      10 * time.Second,
		Resync:        10 * time.Minute,
	}
}

func (w *World) read(r reconcile.Revision) (desired.Input, error) {
	return desired.Read(r.Files, reconciletest.Presets(), load.Options{}, workspace.Env{}, w.cache)
}

// meet counts something that happened.
func (w *World) meet(name string) { w.met[name]++ }

// chance reports true with a probability.
func (w *World) chance(p float64) bool { return p > 0 && w.rng.Float64() < p }

// judge is the testing.TB of Azure's model. What its checks find is a violation if the process that acts could have
// known; otherwise the world has changed since it looked.
type judge struct {
	testing.TB
	w *World
}

func (judge) Helper() {}

func (j judge) Errorf(format string, args ...any) {
	p := j.w.acting
	old := p != nil && strings.Contains(format, "vCPUs") && p.quotaAt.Before(j.w.quotaAt) // a quota is read now and then
	if p != nil && (old || !p.strict()) {
		j.w.meet("something changed between a look and a write")
		j.w.trace.Note("(raced: "+format+")", args...)
		return
	}
	j.w.violated(format, args...)
}

func (j judge) Fatal(args ...any) { j.w.violated("%s", fmt.Sprint(args...)) }
