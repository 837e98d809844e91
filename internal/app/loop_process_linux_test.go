// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/reconcile"
)

// envLoop makes the test binary a process that runs the passes of a loop, as the loopRun in JSON says, and nothing
// else.
const envLoop = "SYNCER_BENCH_LOOP"

func TestMain(m *testing.M) {
	if run := os.Getenv(envLoop); run != "" {
		if err := loopOnce(run); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// loopRun is what a process measures, on a repository and an API server that its parent has.
type loopRun struct {
	Server, Kubeconfig, Repository string
	Unrelated                      []string // commits that change no input
	Changes                        []string // commits that change one Workspace each
	Drifts                         []string // names of Workspaces of which another client changes an object
	Preset                         loopPresetRun
	Beside                         []string // as Changes, once the repository has presets
}

// loopPresetRun is a change of the preset of some Workspaces that restarts nothing.
type loopPresetRun struct {
	Commit     string // none: it is not measured
	Workspaces int
	Floor      loopFloor
}

// loopTimes are what a process has measured.
type loopTimes struct {
	Start       time.Duration // until the first pass with an observed cluster has ended
	StartCPU    time.Duration
	StartWrites int64
	StartTrials int64 // dry runs
	Settled     bool
	Unchanged   passCost // of a pass without anything new, without the fetch
	Unrelated   passCost // of a pass after a commit that changes no input, with the fetch
	Fetch       passCost // of the fetch of such a commit alone
	Changed     liveCost // from a push until what it changes is written
	Beside      liveCost // the same, in a repository that has presets of its own
	Drifted     liveCost // from a change by another client until it is undone
	Preset      presetCost
	Heap, RSS   int64 // bytes after a collection
	Private     int64 // bytes of RSS that are no pages of files, and that nothing but the end of the process gives back
	Peak        int64 // bytes of RSS
	Commits     int   // until HeapAfter
	HeapAfter   int64
}

// passCost is the mean of some passes.
type passCost struct {
	CPU      time.Duration
	Requests float64 // to the API server, without watches and probes
	Short    bool    // each ended at once
	Long     string  // what the first one did that did not
}

// liveCost is what some events cost a loop that runs as the daemon's does.
type liveCost struct {
	Took     []time.Duration
	CPU      time.Duration // mean, with the passes that follow until the loop is quiet
	Requests float64       // mean of writes and dry runs until the last write
}

// presetCost is what a change of a preset costs.
type presetCost struct {
	Workspaces       int
	Took, CPU, Floor time.Duration // Floor: as many bare requests that write
	Writes, DryRuns  int
	Restarts         int // writes of StatefulSets
}

// measured is a loop in this process.
type measured struct {
	run   loopRun
	parts *adapters.Parts
	loop  *reconcile.Loop
	from  upstream.Source
}

// loopOnce measures, and prints loopTimes as JSON.
func loopOnce(text string) error {
	var m measured
	if err := json.Unmarshal([]byte(text), &m.run); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Hour)
	defer cancel()
	start := time.Now()
	if err := profiled("start", func() error { return m.start(ctx) }); err != nil {
		return err
	}
	out := loopTimes{
		Start: time.Since(start), StartCPU: bench.CPUTime(), StartWrites: m.parts.Cluster.Writes(),
		StartTrials: m.parts.Cluster.Requests()["PATCH dry run"],
	}
	if err := m.settle(ctx); err != nil {
		return err
	}
	out.Settled = true
	if m.run.Preset.Commit != "" {
		out.Heap, out.RSS = memory()
		out.Private, out.Peak = resident("RssAnon"), resident("VmHWM")
		if err := heapProfile("heap"); err != nil {
			return err
		}
		if err := m.atRest(ctx, &out); err != nil {
			return err
		}
		if err := m.live(ctx, &out); err != nil {
			return err
		}
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

// envProfile names a folder for CPU profiles of the parts of what a process measures, which are "start", "changed",
// "drifted" and "preset", and for "heap", what lives at rest.
const envProfile = "SYNCER_BENCH_PROFILE"

// profiled runs a part of what is measured, and writes its profile where one is asked for.
func profiled(part string, run func() error) error {
	dir := os.Getenv(envProfile)
	if dir == "" {
		return run()
	}
	f, err := os.Create(filepath.Join(dir, part+".pprof"))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return run()
}

// heapProfile writes what lives, where profiles are asked for.
func heapProfile(name string) error {
	dir := os.Getenv(envProfile)
	if dir == "" {
		return nil
	}
	f, err := os.Create(filepath.Join(dir, name+".pprof"))
	if err != nil {
		return err
	}
	defer f.Close()
	return pprof.WriteHeapProfile(f)
}

// memory returns the bytes that are in use after a collection: of the heap, and of the process.
func memory() (heap, rss int64) {
	runtime.GC()
	debug.FreeOSMemory()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	return int64(mem.HeapAlloc), resident("VmRSS")
}

// atRest measures passes that change nothing.
func (m *measured) atRest(ctx context.Context, out *loopTimes) error {
	out.Unchanged = m.cost(20, func(int) reconcile.Outcome { return m.loop.Pass(ctx, reconcile.Due{Cloud: true}) })
	var failed error
	next := func(i int) { failed = cmp.Or(failed, m.push(m.run.Unrelated[i])) }
	half := len(m.run.Unrelated) / 2
	out.Fetch = m.cost(half, func(i int) reconcile.Outcome {
		next(i)
		_, err := m.from.Fetch(ctx)
		return reconcile.Outcome{Err: err, Unchanged: err == nil}
	})
	out.Unrelated = m.cost(half, func(i int) reconcile.Outcome {
		next(half + i)
		return m.loop.Pass(ctx, reconcile.Due{Source: true})
	})
	return failed
}

// start connects, and runs passes until one has observed the cluster.
func (m *measured) start(ctx context.Context) error {
	c := loopConfig(m.run)
	parts, err := adapters.Connect(c, access.AsDaemon)
	if err != nil {
		return err
	}
	parts.Cluster.Start(ctx)
	m.parts, m.from = parts, upstream.Source{Repository: parts.Repository, Config: c}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	m.loop = app.NewLoop(parts, access.NewReader(c, nil), m.from, engine.PreviewUpdates, log, app.NewHealth(c))
	for {
		o := m.loop.Pass(ctx, reconcile.Due{Source: true, Cloud: true})
		if o.Starting {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		return o.Err
	}
}

// settleLimit is how long the loop may take to come to rest: pods of a real cluster start meanwhile.
const settleLimit = 5 * time.Minute

// settle runs passes until one finds nothing changed.
func (m *measured) settle(ctx context.Context) error {
	var last reconcile.Outcome
	for start := time.Now(); time.Since(start) < settleLimit; {
		if last = m.loop.Pass(ctx, reconcile.Due{Source: true, Cloud: true}); last.Unchanged {
			return last.Err
		}
		time.Sleep(20 * time.Millisecond) // the watches deliver what was written
	}
	var failed error
	for _, e := range last.Changes {
		failed = cmp.Or(failed, e.Err)
	}
	return fmt.Errorf("the loop does not settle: retry %t, in flight %t, %d changes, %w",
		last.Retry, last.InFlight, len(last.Changes), errors.Join(failed, last.Err))
}

// cost runs n passes and returns what one costs. It does so again when one of them was computed in full, and when there
// were requests: what another program has caused on the machine meanwhile is not what they cost, and neither is what
// the process asks by the clock, such as whether the cluster has the kinds of Karpenter by now.
func (m *measured) cost(n int, pass func(i int) reconcile.Outcome) passCost {
	var out passCost
	for range 3 {
		if out = m.costOnce(n, pass); out.Short && out.Requests == 0 {
			break
		}
	}
	return out
}

func (m *measured) costOnce(n int, pass func(i int) reconcile.Outcome) passCost {
	out := passCost{Short: true}
	before, asked := bench.CPUTime(), m.asked()
	for i := range n {
		o := pass(i)
		if out.Short && (!o.Unchanged || o.Err != nil) {
			out.Short = false
			out.Long = fmt.Sprintf("pass %d: %d changes, recorded %q, took %v, in all %v, error %v",
				i, len(o.Changes), o.Recorded, o.Took, m.parts.Cluster.Requests(), o.Err)
		}
	}
	out.CPU = (bench.CPUTime() - before) / time.Duration(n)
	out.Requests = float64(m.asked()-asked) / float64(n)
	return out
}

func (m *measured) asked() (n int64) {
	for verb, count := range m.parts.Cluster.Requests() {
		if verb != "WATCH" && verb != "GET version" {
			n += count
		}
	}
	return n
}

// push moves the branch to a commit, in the way that Git does, without a process for it.
func (m *measured) push(commit string) error {
	ref := filepath.Join(m.run.Repository, "refs", "heads", "main")
	if err := os.WriteFile(ref+".lock", []byte(commit+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(ref+".lock", ref)
}

// resident returns a figure of this process in bytes: VmRSS, RssAnon for its own part of that, or VmHWM for its peak.
func resident(name string) int64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), name+":")
	var kib int64
	_, _ = fmt.Sscan(after, &kib)
	return kib << 10
}

func loopConfig(r loopRun) config.Config {
	c := apptest.FleetConfig(200_000)
	c.Capacity.Mode, c.Kubeconfig = config.ModeBYO, r.Kubeconfig
	c.Source.URL, c.Source.Path, c.Status.Branch = r.Repository, "workspaces", "syncer/status"
	c.Sweep = 0 // once in an hour it is a dry run of each object, which no pass causes
	return c
}
