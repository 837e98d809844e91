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
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/adapters"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/upstream"
	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/bench/apistub"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git/gittest"
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
	Unrelated                      string   // a commit that changes no input
	Changes                        []string // commits that change one Workspace each
	Drifts                         []string // names of Workspaces whose StatefulSets another client changes
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
	Fetch       passCost // of a fetch alone, of a tip that has not moved
	Changed     []time.Duration
	Drifted     []time.Duration
	Heap        int64 // bytes after a collection
	RSS         int64 // bytes then
	Private     int64 // bytes of RSS that are no pages of files, and that nothing but the end of the process gives back
	Peak        int64 // bytes of RSS
}

// passCost is the mean of some passes.
type passCost struct {
	CPU      time.Duration
	Requests float64 // to the API server, without watches and probes
	Short    bool    // each ended at once
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
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	start := time.Now()
	if err := m.start(ctx); err != nil {
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
	runtime.GC()
	debug.FreeOSMemory()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	out.Heap, out.RSS = int64(mem.HeapAlloc), resident("VmRSS")
	out.Private, out.Peak = resident("RssAnon"), resident("VmHWM")
	out.Unchanged = m.cost(20, func() reconcile.Outcome { return m.loop.Pass(ctx, reconcile.Due{Cloud: true}) })
	out.Fetch = m.cost(20, func() reconcile.Outcome {
		_, err := m.from.Fetch(ctx)
		return reconcile.Outcome{Err: err, Unchanged: err == nil}
	})
	if m.run.Unrelated != "" {
		if err := m.push(m.run.Unrelated); err != nil {
			return err
		}
		out.Unrelated = m.cost(1, func() reconcile.Outcome { return m.loop.Pass(ctx, reconcile.Due{Source: true}) })
	}
	for _, commit := range m.run.Changes {
		took, err := m.change(ctx, commit)
		if err != nil {
			return err
		}
		out.Changed = append(out.Changed, took)
	}
	for _, name := range m.run.Drifts {
		took, err := m.drift(ctx, name)
		if err != nil {
			return err
		}
		out.Drifted = append(out.Drifted, took)
	}
	return json.NewEncoder(os.Stdout).Encode(out)
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

// settle runs passes until one finds nothing changed.
func (m *measured) settle(ctx context.Context) error {
	var last reconcile.Outcome
	for range 40 {
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

// cost runs n passes and returns what one costs.
func (m *measured) cost(n int, pass func() reconcile.Outcome) passCost {
	out := passCost{Short: true}
	before, asked := bench.CPUTime(), m.asked()
	for range n {
		o := pass()
		out.Short = out.Short && o.Unchanged && o.Err == nil
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

func (m *measured) push(commit string) error {
	return exec.Command("git", "-C", m.run.Repository, "update-ref", "refs/heads/main", commit).Run()
}

// written returns how long something takes from now until the API server has changed an object for it. It returns after
// do has.
func (m *measured) written(ctx context.Context, do func() error) (time.Duration, error) {
	before, err := m.stub(ctx, "/stub/written")
	if err != nil {
		return 0, err
	}
	type answer struct {
		at  time.Time
		err error
	}
	done := make(chan answer, 1)
	start := time.Now()
	go func() {
		_, err := m.stub(ctx, "/stub/await?n="+before)
		done <- answer{time.Now(), err}
	}()
	if err := do(); err != nil {
		return 0, err
	}
	got := <-done
	return got.at.Sub(start), got.err
}

// stub asks the API server in memory what only it knows.
func (m *measured) stub(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.run.Server+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := new(http.Client).Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), err
}

// change pushes a commit, and returns the time until what it changes is applied.
func (m *measured) change(ctx context.Context, commit string) (time.Duration, error) {
	took, err := m.written(ctx, func() error {
		if err := m.push(commit); err != nil {
			return err
		}
		writes := m.parts.Cluster.Writes()
		if o := m.loop.Pass(ctx, reconcile.Due{Source: true}); m.parts.Cluster.Writes() == writes {
			return fmt.Errorf("commit %s changes nothing: %w", commit, o.Err)
		}
		return nil
	})
	return took, errors.Join(err, m.settle(ctx))
}

// drift has another client change a StatefulSet, and returns the time until it is as before.
func (m *measured) drift(ctx context.Context, name string) (time.Duration, error) {
	for drained := false; !drained; {
		select {
		case <-m.parts.Cluster.Changes():
		default:
			drained = true
		}
	}
	took, err := m.written(ctx, func() error {
		writes := m.parts.Cluster.Writes()
		if _, err := m.stub(ctx, "/stub/drift?name="+name); err != nil {
			return err
		}
		for m.parts.Cluster.Writes() == writes {
			select {
			case <-m.parts.Cluster.Changes():
				m.loop.Pass(ctx, reconcile.Due{})
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return took, errors.Join(err, m.settle(ctx))
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
	return c
}

// The limits of the loop.
const (
	unchangedLimit = 5 * time.Millisecond
	changedLimit   = 60 * time.Millisecond
	driftedLimit   = 150 * time.Millisecond
	restartLimit   = 5 * time.Second
	baseMemory     = 60 << 20
	eachMemory     = 20 << 10
)

// BenchmarkLoop measures passes of the loop over many Workspaces, in a process of its own, on an API server in memory:
// what nothing costs, and what a change of one costs.
func BenchmarkLoop(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			if n > 1_000 && bench.Small() {
				b.Skip("make bench measures this size")
			}
			benchmarkLoop(b, n)
		})
	}
}

func benchmarkLoop(b *testing.B, n int) {
	run := loopFixture(b, n)
	filling := loopRun{Server: run.Server, Kubeconfig: run.Kubeconfig, Repository: run.Repository}
	if first := loopInProcess(b, filling); !first.Settled {
		b.Fatal("the first process does not settle")
	}
	b.ResetTimer()
	got := loopInProcess(b, run)
	scenario := fmt.Sprintf("loop over %d: ", n)
	record := func(what, metric, unit string, value, limit float64) {
		b.ReportMetric(value, strings.ReplaceAll(what, " ", "-")+"-"+unit)
		bench.Record(b, bench.Row{
			Scenario: scenario + what, Subject: "syncer", Metric: metric, Value: value, Unit: unit,
			Ratio: bench.Against(value / limit),
		})
	}
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	if !got.Unchanged.Short || !got.Unrelated.Short {
		b.Errorf("passes that change nothing are computed in full: %+v, %+v", got.Unchanged, got.Unrelated)
	}
	record("unchanged pass", "CPU against the limit of 5 ms", "ms", ms(got.Unchanged.CPU), ms(unchangedLimit))
	record("unchanged pass requests", "API calls, against one", "calls", got.Unchanged.Requests, 1)
	record("unrelated commit", "CPU beyond a fetch against the limit of 5 ms", "ms",
		max(ms(got.Unrelated.CPU-got.Fetch.CPU), 0), ms(unchangedLimit))
	record("unrelated commit requests", "API calls, against one", "calls", got.Unrelated.Requests, 1)
	record("one changed", "median against the limit of 60 ms", "ms", ms(quantile(got.Changed, 0.5)), ms(changedLimit))
	record("one drifts", "99th percentile against the limit of 150 ms", "ms",
		ms(quantile(got.Drifted, 0.99)), ms(driftedLimit))
	record("restart", "time against the limit of 5 s", "s", got.Start.Seconds(), restartLimit.Seconds())
	record("restart writes", "writes, against one", "writes", float64(got.StartWrites), 1)
	record("restart dry runs", "dry runs, against one", "dry-runs", float64(got.StartTrials), 1)
	const mib = 1 << 20
	memory := float64(baseMemory+n*eachMemory) / mib
	record("memory", "private against 60 MiB and 20 KiB each", "MiB", float64(got.Private)/mib, memory)
	record("memory with files", "resident, with pages of the binary, against the same", "MiB",
		float64(got.RSS)/mib, memory)
	b.ReportMetric(float64(got.Heap)/mib, "heap-MiB")
	b.ReportMetric(float64(got.Peak)/mib, "peak-MiB")
	b.ReportMetric(ms(got.Fetch.CPU), "fetch-cpu-ms")
	b.ReportMetric(got.StartCPU.Seconds(), "restart-cpu-s")
}

func quantile(all []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// loopFixture makes a repository of n Workspaces on existing nodes, and an API server that has the nodes.
func loopFixture(b *testing.B, n int) loopRun {
	b.Helper()
	const nodes, changes = 10, 20
	file := func(i int) string { return fmt.Sprintf("workspaces/team-%03d/m-%05d.yaml", i/100, i) }
	text := func(i int, more string) string {
		return fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: m-%05d\n%sresource:\n"+
			"  labelSelector: {matchLabels: {pool: '%d'}}\ninference:\n  preset:\n    name: phi-4-mini-instruct\n",
			i, more, i%nodes)
	}
	files := map[string]string{}
	for i := range n {
		files[file(i)] = text(i, "")
	}
	run := loopRun{}
	repo := gittest.NewRepo(b)
	run.Repository = repo.Dir
	first := repo.Commit(files, "all")
	run.Unrelated = repo.Commit(map[string]string{"notes.md": "unrelated"}, "unrelated")
	for i := range changes {
		at := (37 * i) % n
		balanced := "  annotations: {kaito.sh/enablelb: \"true\"}\n"
		run.Changes = append(run.Changes, repo.Commit(map[string]string{file(at): text(at, balanced)}, "one changed"))
		run.Drifts = append(run.Drifts, fmt.Sprintf("m-%05d", (53*i+11)%n))
	}
	repo.Git("update-ref", "refs/heads/main", first)

	stub := apistub.New()
	stub.Nodes(nodes, "NVIDIA-A100-SXM4-80GB")
	mux := http.NewServeMux()
	mux.Handle("/", stub)
	mux.HandleFunc("/stub/drift", func(_ http.ResponseWriter, r *http.Request) {
		stub.Drift("default", r.URL.Query().Get("name"), "example.com/other:1")
	})
	mux.HandleFunc("/stub/written", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, stub.Written())
	})
	mux.HandleFunc("/stub/await", func(_ http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		_ = stub.AwaitWritten(r.Context(), n)
	})
	server := httptest.NewServer(mux)
	b.Cleanup(server.Close)
	b.Cleanup(server.CloseClientConnections)
	run.Server, run.Kubeconfig = server.URL, filepath.Join(b.TempDir(), "kubeconfig")
	kubeconfig := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: a\n"+
		"contexts: [{name: a, context: {cluster: a}}]\nclusters: [{name: a, cluster: {server: '%s'}}]\n", server.URL)
	if err := os.WriteFile(run.Kubeconfig, []byte(kubeconfig), 0o600); err != nil {
		b.Fatal(err)
	}
	return run
}

// loopInProcess measures in a new process.
func loopInProcess(b *testing.B, run loopRun) loopTimes {
	b.Helper()
	text, err := json.Marshal(run)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envLoop+"="+string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	var got loopTimes
	if err := json.NewDecoder(strings.NewReader(string(out))).Decode(&got); err != nil {
		b.Fatalf("%q: %v", out, err)
	}
	return got
}
