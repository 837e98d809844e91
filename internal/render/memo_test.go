// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"context"
	"reflect"
	"slices"
	"testing"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// TestMemoIsExact: a template that is filled in equals, byte for byte, a plain build of the same Workspace.
func TestMemoIsExact(t *testing.T) {
	c, _ := builtin(t)
	cache := NewCache()
	memoized := New(c, cache)
	plain := New(c, nil)
	jobs := fleet(c, 250/slowdown, 7)
	for _, tt := range goldenCases() {
		p, _ := c.Lookup(tt.w.PresetName())
		jobs = append(jobs, job{tt.w, p, tt.at, tt.o})
	}
	for i, j := range jobs {
		compare(t, plain, memoized, i, j)
	}
	templates, unusable := cache.count()
	if templates == 0 || templates > len(jobs)*2/3 || unusable > 0 {
		t.Errorf("%d templates for %d Workspaces, and %d unusable", templates, len(jobs), unusable)
	}
	for i, j := range hostileJobs(c) {
		if i%slowdown != 0 {
			continue
		}
		compare(t, plain, memoized, i, j)
	}
}

// TestJudgedAlike: what the policy refuses in a fleet, and warns about, is the same whether pods like its own were
// judged before or not. A digest alone is that of the objects in full.
func TestJudgedAlike(t *testing.T) {
	c, _ := builtin(t)
	cache := NewCache()
	memoized, alone := New(c, cache), New(c, NewCache())
	policies := []podpolicy.Policy{
		{Level: podpolicy.Restricted},
		{Level: podpolicy.Restricted, Verdict: diag.Warn},
		{Secrets: []string{"registry"}, Verdict: diag.Warn},
		{Secrets: []string{}, NoLoadBalancers: true},
	}
	plain := New(c, nil)
	for i, j := range fleet(c, 60/slowdown, 31) {
		for k, p := range policies {
			j.o.Pods = p
			if i%3 == 1 {
				j.o.Reach.HuggingFace = "https://mirror.example.com"
			}
			if i%7 == 1 {
				const text = "kind: StatefulSet\nspec: {template: {spec: {hostNetwork: true}}}\n"
				j.w.Patch = &workspace.Patch{Path: "p.yaml", Text: text}
			}
			compare(t, plain, memoized, len(policies)*i+k, j)
			full, err := memoized.Render(context.Background(), j.w, j.preset, j.at, j.o)
			j.o.DigestOnly = true
			if b, digestErr := alone.Render(context.Background(), j.w, j.preset, j.at, j.o); err == nil &&
				(digestErr != nil || b.Digest != full.Digest) {
				t.Errorf("job %d: digest %s, want %s (%v)", i, b.Digest, full.Digest, digestErr)
			}
			j.o.DigestOnly = false
		}
	}
}

// compare renders a Workspace by a plain build and from a template.
func compare(t *testing.T, plain, memoized *Renderer, i int, j job) {
	t.Helper()
	want, err1 := plain.Render(context.Background(), j.w, j.preset, j.at, j.o)
	got, err2 := memoized.Render(context.Background(), j.w, j.preset, j.at, j.o)
	if err1 != nil || err2 != nil {
		if err1 == nil || err2 == nil || err1.Error() != err2.Error() {
			t.Errorf("job %d: error %v from a template, %v from a plain build", i, err2, err1)
		}
		return
	}
	if a, b := text(t, got), text(t, want); !bytes.Equal(a, b) || got.Digest != want.Digest ||
		!reflect.DeepEqual(got.Objects, want.Objects) || !reflect.DeepEqual(got.Warnings, want.Warnings) {
		t.Errorf("job %d: from a template:\n%s\nplain build:\n%s", i, a, b)
	}
}

// TestCacheFits: of a small fleet that changes all the time a few versions are kept. Another one needs room of its own.
func TestCacheFits(t *testing.T) {
	c, _ := builtin(t)
	cache := NewCache()
	r := New(c, cache)
	cache.Fit("north", 5)
	const most = versions*5 + spare
	for _, j := range fleet(c, 4*most, 11) {
		_, _ = r.Render(context.Background(), j.w, j.preset, j.at, j.o) // some of them cannot be rendered
	}
	templates, _ := cache.count()
	if n := cache.bundles[inFull].Len(); n != most || templates > most || cache.bundles[asDigest].Len() > most {
		t.Errorf("%d bundles, %d templates and %d digests are kept, want %d bundles", n, templates,
			cache.bundles[asDigest].Len(), most)
	}
	cache.Fit("south", 1000)
	for _, j := range fleet(c, 3*most, 12) {
		_, _ = r.Render(context.Background(), j.w, j.preset, j.at, j.o)
	}
	if n := cache.bundles[inFull].Len(); n <= most {
		t.Errorf("%d bundles are kept for two fleets", n)
	}
	(*Cache)(nil).Fit("none", 1)
}

// count returns the number of templates, and how many of them are unusable.
func (c *Cache) count() (templates, unusable int) {
	all := c.templates.All()
	for _, s := range all {
		if s.unusable {
			unusable++
		}
	}
	return len(all), unusable
}

// TestEveryPresetWithAndWithoutMemo: with and without package memo, every preset renders to the same bytes, for every
// runtime and tuning method. The placements take turns, and the first preset renders with each of them.
func TestEveryPresetWithAndWithoutMemo(t *testing.T) {
	c, _ := builtin(t)
	cache := NewCache()
	plain, memoized := New(c, cache, WithoutMemo()), New(c, NewCache())
	for i, j := range everyPreset(c, placements()) {
		if i%slowdown == 0 {
			compare(t, plain, memoized, i, j)
		}
	}
	if templates, _ := cache.count(); templates > 0 || len(cache.baseBuilds.All()) > 0 {
		t.Errorf("WithoutMemo built %d templates", templates)
	}
}

// placements are all kinds of placement: GPUs, parallelism, several nodes, local disks, pool or labels.
func placements() []Placement {
	labels := map[string]string{"app": "demo"}
	return []Placement{
		{},
		{Nodes: 1, GPUsPerNode: 1, GPUModel: "NVIDIA A10", Pool: "w1"},
		{Nodes: 1, GPUsPerNode: 4, TensorParallel: 4, GPUModel: "NVIDIA A100", Pool: "w2", Spot: true},
		{Nodes: 1, GPUsPerNode: 8, TensorParallel: 2, DataParallel: 4, GPUModel: "NVIDIA H100", NodeLabels: labels},
		{Nodes: 1, GPUsPerNode: 8, TensorParallel: 2, PipelineParallel: 4, LocalNVMe: true, Pool: "w3"},
		{Nodes: 2, GPUsPerNode: 8, TensorParallel: 8, PipelineParallel: 2, NodeLabels: labels, Pool: "w4"},
	}
}

// everyPreset returns a job for each way to run each preset that is not deprecated.
func everyPreset(c *preset.Catalog, placements []Placement) []job {
	var jobs []job
	o := options
	o.NVMeStorageClass = "local-nvme"
	add := func(w *workspace.Workspace, p preset.Preset, at Placement) {
		if at.Nodes > 1 && (!p.Model.Distributed || w.Tuning != nil) {
			at.Nodes, at.PipelineParallel = 1, 0
		}
		jobs = append(jobs, job{w: w, preset: p, at: at, o: o})
	}
	usable := slices.DeleteFunc(c.All(), func(p preset.Preset) bool { return p.Deprecated != "" })
	for i, p := range usable {
		for _, runtime := range p.Runtimes {
			add(serving(p.Name, annotate(workspace.AnnotationRuntime, string(runtime))), p, placements[i%len(placements)])
		}
		if p.Tuning == nil {
			continue
		}
		for _, method := range []string{"lora", "qlora"} {
			w := training(p.Name, func(w *workspace.Workspace) { w.Tuning.Method = method })
			add(w, p, placements[(i+len(method))%len(placements)])
		}
	}
	for _, at := range placements {
		p := usable[slices.IndexFunc(usable, func(p preset.Preset) bool { return p.Model.Distributed })]
		add(serving(p.Name), p, at)
	}
	return jobs
}
