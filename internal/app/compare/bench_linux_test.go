// SPDX-License-Identifier: Apache-2.0

package compare_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
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

// envPlan makes the test binary a process that makes one plan of the repository that it names, and nothing else.
const envPlan = "SYNCER_BENCH_PLAN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envPlan); dir != "" {
		if err := planOnce(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// planOnce plans one change from nothing, and prints how long that took, for how many Workspaces, and the most memory
// that the process had, in KiB.
func planOnce(dir string) error {
	start := time.Now()
	p, err := compare.Commits(
		context.Background(), apptest.FleetConfig(2*benchWorkspaces),
		compare.Request{Repository: dir, Base: "main", Head: "topic-0"},
	)
	if err != nil {
		return err
	}
	took := time.Since(start)
	status, err := os.ReadFile("/proc/self/status") // what wait4 says counts the parent, which is larger
	if err != nil {
		return err
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	peak, _, _ := strings.Cut(strings.TrimSpace(after), " ")
	_, err = fmt.Println(took.Nanoseconds(), len(p.Workspaces), peak)
	return err
}

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
		best, memory := time.Duration(0), int64(0)
		for range min(b.N, 3) { // each is long
			took, peak := planInProcess(b, repo.Dir)
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

// planInProcess makes one plan in a new process, and returns the time of the plan and the peak of its memory.
func planInProcess(b *testing.B, dir string) (took time.Duration, peak int64) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envPlan+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		b.Fatal(err)
	}
	var ns, workspaces, kib int64
	if _, err := fmt.Sscan(string(out), &ns, &workspaces, &kib); err != nil || workspaces != benchWorkspaces {
		b.Fatalf("%q: %v", out, err)
	}
	return time.Duration(ns), kib << 10
}
