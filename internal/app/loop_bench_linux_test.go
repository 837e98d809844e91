// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/bench/apistub"
	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/presets"
)

// The limits of the loop.
const (
	unchangedLimit = 5 * time.Millisecond
	changedLimit   = 60 * time.Millisecond
	slowestLimit   = 200 * time.Millisecond
	driftedLimit   = 150 * time.Millisecond
	restartLimit   = 5 * time.Second
	baseMemory     = 60 << 20
	eachMemory     = 20 << 10

	// Those of very many Workspaces, and from how many on they count.
	manyWorkspaces     = 50_000
	manyStartLimit     = 15 * time.Second
	manyUnchangedLimit = 50 * time.Millisecond
	manyMemory         = 1200 << 20
	manyUnrelatedLimit = unchangedLimit * 12 / 10 // it grows with the folders alone
)

// loops are what was measured in this run, by scenario: a benchmark whose own repetitions are enough is not repeated.
var loops = map[string]loopTimes{}

func loopScenario(n int) string { return fmt.Sprintf("loop over %d", n) }

// BenchmarkLoop measures passes of the loop over many Workspaces, in a process of its own, on an API server in memory:
// what nothing costs, and what a change of one costs.
func BenchmarkLoop(b *testing.B) {
	for _, n := range []int{1_000, 10_000, manyWorkspaces} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			if n > 1_000 && bench.Small() {
				b.Skip("make bench measures this size")
			}
			scenario := loopScenario(n)
			if _, done := loops[scenario]; !done {
				loops[scenario] = measureLoop(b, loopFixture(b, n, n/10, loopInMemory()))
			}
			reportLoop(b, scenario, n, loops[scenario])
		})
	}
}

// measureLoop fills a cluster by one process, and measures another one, which finds it full.
func measureLoop(b *testing.B, run loopRun) loopTimes {
	fill(b, run)
	return loopInProcess(b, run)
}

// fill has a process create the objects of all Workspaces.
func fill(b *testing.B, run loopRun) {
	b.Helper()
	filling := loopRun{Server: run.Server, Kubeconfig: run.Kubeconfig, Repository: run.Repository}
	if first := loopInProcess(b, filling); !first.Settled {
		b.Fatal("the first process does not settle")
	}
}

// reportLoop records the rows of a loop over n Workspaces.
func reportLoop(b *testing.B, scenario string, n int, got loopTimes) {
	record := func(what, metric, unit string, value, limit float64) {
		b.ReportMetric(value, strings.ReplaceAll(what, " ", "-")+"-"+unit)
		bench.Record(b, bench.Row{
			Scenario: scenario + ": " + what, Subject: "syncer", Metric: metric, Value: value, Unit: unit,
			Ratio: bench.Against(value / limit),
		})
	}
	against := func(what, metric string, value, limit time.Duration) {
		record(what, metric+" against the limit of "+limit.String(), "ms", ms(value), ms(limit))
	}
	if !got.Unchanged.Short || !got.Unrelated.Short {
		b.Errorf("passes that change nothing are computed in full: %+v, %+v", got.Unchanged, got.Unrelated)
	}
	start, unchanged, unrelated := restartLimit, unchangedLimit, unchangedLimit
	memory := int64(baseMemory + n*eachMemory)
	if n >= manyWorkspaces {
		start, unchanged, unrelated, memory = manyStartLimit, manyUnchangedLimit, manyUnrelatedLimit, manyMemory
	}
	against("unchanged pass", "CPU", got.Unchanged.CPU, unchanged)
	record("unchanged pass requests", "API calls, against one", "calls", got.Unchanged.Requests, 1)
	against("unrelated commit", "CPU beyond a fetch", max(got.Unrelated.CPU-got.Fetch.CPU, 0), unrelated)
	record("unrelated commit requests", "API calls, against one", "calls", got.Unrelated.Requests, 1)
	pushes, drifts := len(got.Changed.Took), len(got.Drifted.Took)
	// Counts that a run chooses stand in the metric: the bound of a scenario holds for every count.
	metric := fmt.Sprintf("time of %d pushes", pushes)
	against("one changed, median", metric, quantile(got.Changed.Took, 0.5), changedLimit)
	against("one changed, 99 %", metric, quantile(got.Changed.Took, 0.99), slowestLimit)
	against("one changed CPU", "CPU with what follows", got.Changed.CPU, changedLimit)
	record("one changed requests", "writes and dry runs of three objects, against six", "calls", got.Changed.Requests, 6)
	against("one changed beside presets CPU", "CPU with what follows", got.Beside.CPU, changedLimit)
	metric = fmt.Sprintf("time of %d drifts", drifts)
	against("one drifts, median", metric, quantile(got.Drifted.Took, 0.5), driftedLimit)
	against("one drifts, 99 %", metric, quantile(got.Drifted.Took, 0.99), driftedLimit)
	against("one drifts CPU", "CPU with what follows", got.Drifted.CPU, driftedLimit)
	record("one drifts requests", "writes and dry runs, against two", "calls", got.Drifted.Requests, 2)
	p := got.Preset
	record("preset changed", fmt.Sprintf("time of %d Workspaces against bare requests", p.Workspaces), "s",
		p.Took.Seconds(), p.Floor.Seconds())
	record("preset changed requests", "writes and dry runs of a Workspace, against four", "calls",
		float64(p.Writes+p.DryRuns)/float64(p.Workspaces), 4)
	record("preset changed restarts", "writes of StatefulSets, against one", "writes", float64(p.Restarts), 1)
	b.ReportMetric(ms(p.CPU)/float64(p.Workspaces), "preset-cpu-ms/Workspace")
	b.ReportMetric(p.Floor.Seconds(), "preset-floor-s")
	record("restart", "time against the limit of "+start.String(), "s", got.Start.Seconds(), start.Seconds())
	record("restart CPU", "CPU against the limit of "+start.String(), "s", got.StartCPU.Seconds(), start.Seconds())
	record("restart writes", "writes, against one", "writes", float64(got.StartWrites), 1)
	record("restart dry runs", "dry runs, against one", "dry-runs", float64(got.StartTrials), 1)
	const mib = 1 << 20
	record("memory", fmt.Sprintf("private against %d MiB", memory/mib), "MiB",
		float64(got.Private)/mib, float64(memory)/mib)
	record("memory with files", "resident, with pages of the binary, against the same", "MiB",
		float64(got.RSS)/mib, float64(memory)/mib)
	record("heap after commits", fmt.Sprintf("heap after %d commits against the one before", got.Commits), "MiB",
		float64(got.HeapAfter)/mib, float64(got.Heap)/mib)
	b.ReportMetric(float64(got.Heap)/mib, "heap-MiB")
	b.ReportMetric(float64(got.Peak)/mib, "peak-MiB")
	b.ReportMetric(ms(got.Fetch.CPU), "fetch-cpu-ms")
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func quantile(all []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// shapes are the presets of the Workspaces: the first one changes.
var shapes = []string{"phi-4-mini-instruct", "phi-3.5-mini-instruct"}

// loopFile is the file of a Workspace of a preset on one of the nodes, with more of its metadata.
func loopFile(i int, preset, more string) (name, text string) {
	return fmt.Sprintf("workspaces/team-%03d/m-%05d.yaml", i/100, i),
		fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: m-%05d\n%sresource:\n"+
			"  labelSelector: {matchLabels: {pool: '%d'}}\ninference:\n  preset:\n    name: %s\n",
			i, more, i%loopNodes, preset)
}

const (
	loopNodes = 10
	loopGPU   = "NVIDIA-A100-SXM4-80GB"
	balanced  = "  annotations: {kaito.sh/enablelb: \"true\"}\n"
)

// loopPreset are the files of a preset in the repository: the built-in one, and an annotation of the Services.
func loopPreset(b *testing.B, value string) map[string]string {
	b.Helper()
	dir := "models/" + shapes[0]
	files := map[string]string{}
	for _, name := range []string{"preset.yaml", "kustomization.yaml"} {
		data, err := presets.FS.ReadFile(dir + "/" + name)
		if err != nil {
			b.Fatal(err)
		}
		files["presets/"+dir+"/"+name] = string(data)
	}
	files["presets/"+dir+"/kustomization.yaml"] += "\npatches:\n- target: {kind: Service}\n  patch: |\n" +
		"    apiVersion: v1\n    kind: Service\n    metadata:\n      name: any\n      annotations: {example.com/value: " +
		value + "}\n"
	return files
}

// loopInMemory is an API server in memory. Another client changes StatefulSets there.
func loopInMemory() *witness {
	stub := apistub.New()
	stub.Nodes(loopNodes, loopGPU)
	return &witness{server: stub, drift: func(_ context.Context, name string) error {
		stub.Drift("default", name, "example.com/other:1")
		return nil
	}}
}

// loopFixture makes a repository of n Workspaces on existing nodes, which api has; so many have the preset that
// changes.
func loopFixture(b *testing.B, n, changing int, api *witness) loopRun {
	b.Helper()
	file := func(i int, more string) (name, text string) {
		if i%(n/changing) == 0 {
			return loopFile(i, shapes[0], more)
		}
		return loopFile(i, shapes[1], more)
	}
	files := map[string]string{}
	for i := range n {
		name, text := file(i, "")
		files[name] = text
	}
	times := min(bench.Times(20), n)
	run := loopRun{Preset: loopPresetRun{Workspaces: changing, Floor: loopFloor{Parallel: []int{2, 4, 8}}}}
	repo := gittest.NewRepo(b)
	run.Repository = repo.Dir
	first := repo.Commit(files, "all")
	commits := func(n int, files func(int) map[string]string) []string {
		before := repo.Head(gittest.Main)
		repo.History(n, files)
		return strings.Fields(repo.Git("rev-list", "--reverse", before+"..main"))
	}
	run.Unrelated = commits(40, func(i int) map[string]string {
		return map[string]string{"notes.md": fmt.Sprint("unrelated ", i)}
	})
	run.Changes = commits(times, func(i int) map[string]string {
		name, text := file((37*i)%n, balanced)
		return map[string]string{name: text}
	})
	run.Preset.Commit = repo.Commit(loopPreset(b, replayed[0]), "another preset")
	run.Beside = commits(min(5, times), func(i int) map[string]string {
		name, text := file((37*i)%n, "") // as it was
		return map[string]string{name: text}
	})
	for i := range times {
		run.Drifts = append(run.Drifts, fmt.Sprintf("m-%05d", (53*i+11)%n))
	}
	repo.Git("update-ref", "refs/heads/main", first)

	server := httptest.NewServer(api)
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
