// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/kustomize/kyaml/openapi"

	"syncer.dev/syncer/internal/bench"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/presets"
)

// wanted is the target: Workspaces rendered in a second on two cores with an empty cache.
const wanted = 1000

// BenchmarkFleet renders 1,000 distinct Workspaces with an empty cache, after an edit of the preset of some of
// them, and after no change. For comparison Kustomize builds each Workspace by itself in the same run: once with
// the schema kept, and once with the schema parsed for every build, for a sample of the fleet because it is so
// slow.
func BenchmarkFleet(b *testing.B) {
	if runtime.GOMAXPROCS(0) > 2 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	}
	c, _ := builtin(b)
	jobs := fleet(c, 1000, 1)
	edited, after := editedCatalog(b), 0
	for _, j := range jobs {
		if j.preset.Name == editedPreset {
			after++
		}
	}
	var cold, edit, unchanged, kept, parsed float64
	rounds := 0
	for b.Loop() {
		cache := NewCache()
		cold += throughput(b, c, cache, jobs)
		unchanged += throughput(b, c, cache, jobs)
		edit += throughput(b, edited, cache, jobs)
		kept += throughput(b, c, nil, jobs[:100])
		parsed += schemaParsed(b, c, jobs[:10])
		rounds++
	}
	n := float64(rounds)
	b.ReportMetric(cold/n, "cold/s")
	b.ReportMetric(edit/n, "edited/s")
	b.ReportMetric(unchanged/n, "unchanged/s")
	b.ReportMetric(kept/n, "kustomize/s")
	b.ReportMetric(parsed/n, "kustomize-parsed/s")
	row := func(scenario, subject string, value float64, ratio *float64) bench.Row {
		return bench.Row{
			Scenario: scenario,
			Subject:  subject,
			Metric:   "throughput",
			Value:    value / n,
			Unit:     "Workspaces/s",
			Ratio:    ratio,
		}
	}
	bench.Record(b,
		row("render cold", "syncer", cold, bench.Against(cold/n/wanted)),
		row("render cold", "kustomize, schema kept", kept, bench.Against(kept/cold)),
		row("render cold", "kustomize, schema parsed each time", parsed, bench.Against(parsed/cold)),
		row("render after preset edit", "syncer", edit, bench.Against(edit/kept)),
		row("render unchanged", "syncer", unchanged, bench.Against(unchanged/kept)),
	)
}

// throughput renders all jobs in parallel, one for each core, and returns the jobs per second. It reads the catalogue
// again, as for a new revision.
func throughput(b *testing.B, c *preset.Catalog, cache *Cache, jobs []job) float64 {
	b.Helper()
	start := time.Now()
	r := New(c, cache)
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, j := range jobs {
		g.Go(func() error {
			_, err := r.Render(context.Background(), j.w, j.preset, j.at, j.o)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
	return float64(len(jobs)) / time.Since(start).Seconds()
}

// schemaParsed is throughput when Kustomize's schema is parsed for every build, one build after another, because it is
// one for the whole process.
func schemaParsed(b *testing.B, c *preset.Catalog, jobs []job) float64 {
	b.Helper()
	r := New(c, nil)
	start := time.Now()
	for _, j := range jobs {
		openapi.ResetOpenAPI()
		if _, err := r.Render(context.Background(), j.w, j.preset, j.at, j.o); err != nil {
			b.Fatal(err)
		}
	}
	return float64(len(jobs)) / time.Since(start).Seconds()
}

// editedPreset is a popular model.
const editedPreset = "deepseek-r1-distill-llama-8b"

// editedCatalog is the catalogue after the preset's kustomization got one line more.
func editedCatalog(tb testing.TB) *preset.Catalog {
	tb.Helper()
	layer := fstest.MapFS{}
	for _, name := range []string{"preset.yaml", "kustomization.yaml"} {
		file := "models/" + editedPreset + "/" + name
		data, err := fs.ReadFile(presets.FS, file)
		if err != nil {
			tb.Fatal(err)
		}
		layer[file] = &fstest.MapFile{
			Data: []byte(strings.Replace(string(data), "- pairs:\n", "- pairs:\n    edited: \"yes\"\n", 1)),
		}
	}
	c, err := preset.Load(presets.FS, layer)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// BenchmarkFilled renders Workspaces whose templates are in the cache, one after another: what each of a fleet costs at
// the start of the loop.
func BenchmarkFilled(b *testing.B) {
	c, _ := builtin(b)
	r := New(c, NewCache())
	render := func(jobs []job) {
		for _, j := range jobs {
			if _, err := r.Render(context.Background(), j.w, j.preset, j.at, j.o); err != nil {
				b.Fatal(err)
			}
		}
	}
	jobs := fleet(c, 500, 1)
	render(jobs)
	for i := 0; b.Loop(); i++ {
		for k := range jobs {
			jobs[k].o.Source = strconv.Itoa(i) + ".yaml"
		}
		render(jobs)
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(jobs)), "us/Workspace")
}

// BenchmarkTemplate renders Workspaces of one preset whose template is in the cache, each with inputs that are new:
// what runs, and for the digest of a review.
func BenchmarkTemplate(b *testing.B) {
	c, _ := builtin(b)
	p, _ := c.Lookup("phi-4")
	for name, in := range map[string]func(*Renderer, job) (Bundle, error){
		"packed": func(r *Renderer, j job) (Bundle, error) {
			return Packer{r}.Render(context.Background(), j.w, j.preset, j.at, j.o)
		},
		"digest": func(r *Renderer, j job) (Bundle, error) {
			j.o.DigestOnly, j.o.Source = true, ""
			return r.Render(context.Background(), j.w, j.preset, j.at, j.o)
		},
		"full": func(r *Renderer, j job) (Bundle, error) {
			return r.Render(context.Background(), j.w, j.preset, j.at, j.o)
		},
	} {
		b.Run(name, func(b *testing.B) {
			r := New(c, NewCache())
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				j := job{serving("phi-4", named("chat-"+strconv.Itoa(i))), p, Placement{}, options}
				j.w.Namespace = "team-" + strconv.Itoa(i%40)
				j.at = Placement{Nodes: 1, GPUsPerNode: 1 + i%2, GPUModel: "NVIDIA A100", Pool: "w" + strconv.Itoa(i)}
				if _, err := in(r, j); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
