// SPDX-License-Identifier: Apache-2.0

package compare_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/compare"
	"syncer.dev/syncer/internal/bench"
)

// The limits of a plan of one changed Workspace among benchWorkspaces.
const (
	benchWorkspaces = 10_000
	warmLimit       = 300 * time.Millisecond
	coldLimit       = 5 * time.Second
	memoryLimit     = 200 << 20
)

// BenchmarkPlanOneAmong10000 plans one changed Workspace among many: again and again with a base that is in memory, as
// for pull requests, and each time in a new process.
func BenchmarkPlanOneAmong10000(b *testing.B) {
	const heads = 8
	repo := apptest.Fleet(b, benchWorkspaces, heads)
	scenario := "plan of 1 among " + strconv.Itoa(benchWorkspaces)
	b.Run("warm", func(b *testing.B) {
		p, err := compare.New(apptest.FleetConfig(2*benchWorkspaces), repo.Dir, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Plan(b.Context(), "main", "topic-0"); err != nil {
			b.Fatal(err)
		}
		runtime.GC()
		b.ResetTimer()
		before := bench.CPUTime()
		for i := range b.N {
			got, err := p.Plan(b.Context(), "main", fmt.Sprint("topic-", i%heads))
			if err != nil || got.Empty() || len(got.Workspaces) != benchWorkspaces {
				b.Fatalf("%d Workspaces, %v", len(got.Workspaces), err)
			}
		}
		b.StopTimer()
		b.ReportMetric(float64((bench.CPUTime()-before).Milliseconds())/float64(b.N), "cpu-ms/plan")
		each := b.Elapsed() / time.Duration(b.N)
		bench.Record(b, bench.Row{
			Scenario: scenario + ": warm", Subject: "syncer", Metric: "time against the limit of 300 ms",
			Value: each.Seconds() * 1000, Unit: "ms", Ratio: bench.Against(each.Seconds() / warmLimit.Seconds()),
		})
	})
	b.Run("from nothing", func(b *testing.B) {
		best, memory, planner := time.Duration(0), int64(0), newPlanner(b, repo.Dir)
		for range min(b.N, 3) { // each is long
			took, peak := planner.plan(b)
			if best == 0 || took < best {
				best = took
			}
			memory = max(memory, peak)
		}
		b.ReportMetric(best.Seconds(), "s/plan")
		b.ReportMetric(float64(memory)/(1<<20), "MiB")
		bench.Record(b, bench.Row{
			Scenario: scenario + ": from nothing", Subject: "syncer", Metric: "time against the limit of 5 s",
			Value: best.Seconds(), Unit: "s", Ratio: bench.Against(best.Seconds() / coldLimit.Seconds()),
		}, bench.Row{
			Scenario: scenario + ": memory", Subject: "syncer", Metric: "peak against the limit of 200 MiB",
			Value: float64(memory) / (1 << 20), Unit: "MiB", Ratio: bench.Against(float64(memory) / memoryLimit),
		})
	})
}

// planner makes plans of one repository in processes of their own, with the program that users install.
type planner struct{ program, config, repository string }

// newPlanner builds the program as releases are built, and configures it as the benchmark does.
func newPlanner(b *testing.B, repository string) planner {
	b.Helper()
	p := planner{filepath.Join(b.TempDir(), "syncer"), filepath.Join(b.TempDir(), "config.yaml"), repository}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", p.program, "syncer.dev/syncer/cmd/syncer")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	c := apptest.FleetConfig(2 * benchWorkspaces)
	text := fmt.Sprintf("apiVersion: syncer.dev/v1alpha1\nkind: Config\ncluster: %s\n"+
		"capacity: {aks: {location: %s}}\nsource:\n  path: %s\n  limits: {workspaces: %d, manifests: %d}\n",
		c.Cluster, c.Capacity.AKS.Location, c.Source.Path, c.Source.Limits.Workspaces, c.Source.Limits.Manifests)
	if err := os.WriteFile(p.config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return p
}

// plan makes one plan in a new process, and returns the time from its start to its end and the peak of its memory.
func (p planner) plan(b *testing.B) (took time.Duration, peak int64) {
	b.Helper()
	cmd := exec.Command(
		p.program, "plan", "--config", p.config, "--repo", p.repository, "--base", "main", "--head", "topic-0",
	)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		select {
		case err := <-ended:
			tick.Stop()
			if err != nil || !strings.HasPrefix(out.String(), "1 model replaced") {
				b.Fatalf("%v: %s", err, out.String())
			}
			return time.Since(start), peak
		case <-tick.C: // what wait4 says counts the parent, which is larger
			peak = max(peak, highest(cmd.Process.Pid))
		}
	}
}

// highest returns the most memory that a process has had so far, in bytes; 0 if it has ended.
func highest(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	text, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	kib, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return kib << 10
}
