// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/inputs"
	"syncer.dev/syncer/internal/workspace"
)

// siblings returns Workspaces that differ from that of a job only in what a shape fills in, some of them in ways that
// it must not fill in.
func siblings(j job) []job {
	with := func(name, namespace, source, value string) job {
		w, out := *j.w, j
		w.Name, w.Namespace, w.Digest = name, namespace, strings.Repeat(value, 64)
		out.w, out.o.Source, out.at.NodeLabels = &w, source, map[string]string{}
		for key := range j.at.NodeLabels {
			out.at.NodeLabels[key] = value
		}
		if j.at.Pool != "" {
			out.at.Pool = "w" + value
		}
		if s := j.w.Resource.LabelSelector; s != nil {
			w.Resource.LabelSelector = &workspace.LabelSelector{MatchLabels: map[string]string{}}
			for key := range s.MatchLabels {
				w.Resource.LabelSelector.MatchLabels[key] = value
			}
		}
		return out
	}
	own := j.w.Namespace
	out := []job{
		with("first", own, "first.yaml", "1"), with("second", own, "teams/second.yaml", "2"),
		with("a.b-c", "another-team", "x y/ä.yaml", "True"), with("third", "another-team", "third.yaml", ""),
	}
	for _, name := range []string{
		"model", "default", "skopeo", "StatefulSet", own, "", "a$b", `a"b`, "<b>", "ü", "app", "vllm", "registry", "hf",
		"model-weights-volume", strings.Repeat("n", workspace.MaxServedName), strings.Repeat("n", workspace.MaxServedName+1),
		inputs.Mark(inputs.Name), inputs.Mark(inputs.Namespace), "zz-syncer-hole-1-zz", "zz-own-", "kube-root-ca.crt", "null",
	} {
		out = append(out, with(name, own, name+".yaml", name), with("fourth", name, "d.yaml", "4"))
	}
	return append(
		out, with("fifth", "fifth", "5.yaml", "5"), with("sixth", "sixth-headless", "6.yaml", "6"),
		with("seventh", own, inputs.Mark(inputs.Name), "7"), with("eighth", own, "8.yaml", inputs.Mark(inputs.Pool)),
		with("last", own, "last.yaml", "last"),
	)
}

// TestShapesAreExact: a Bundle that is filled in from a shape is what its Renderer makes of the Workspace alone, in
// every form, for Workspaces of all sorts and names of all sorts.
func TestShapesAreExact(t *testing.T) {
	c, _ := builtin(t)
	full, packer := New(c, NewCache()), Packer{New(c, NewCache())}
	jobs := fleet(c, 30/slowdown, 41)
	for i, tt := range goldenCases() {
		if p, _ := c.Lookup(tt.w.PresetName()); i%(2*slowdown) == 0 {
			jobs = append(jobs, job{tt.w, p, tt.at, tt.o})
		}
	}
	policies := []podpolicy.Policy{
		{}, {Level: podpolicy.Restricted, Verdict: diag.Warn}, {Secrets: []string{"registry"}}, {NoLoadBalancers: true},
	}
	filled, all := 0, 0
	for i, j := range jobs {
		if i%3 == 1 {
			j.o.Reach.HuggingFace = "https://mirror.example.com"
		}
		j.w.Resource.LabelSelector = &workspace.LabelSelector{MatchLabels: map[string]string{"app": "x", "pool": "y"}}
		j.o.Pods = policies[i%len(policies)]
		for k, j := range siblings(j) {
			all++
			if sameForms(t, i*1000+k, full, packer, j) {
				filled++
			}
		}
	}
	if filled < all/8 {
		t.Errorf("%d of %d Workspaces are filled in from a shape", filled, all)
	}
}

// sameForms compares what is kept of a Workspace in each form with its objects in full. It reports whether one comes
// from a shape.
func sameForms(t *testing.T, i int, full *Renderer, packer Packer, j job) (filled bool) {
	t.Helper()
	ctx := context.Background()
	want, err1 := full.Render(ctx, j.w, j.preset, j.at, j.o)
	got, err2 := packer.Render(ctx, j.w, j.preset, j.at, j.o)
	digest := j.o
	digest.DigestOnly = true
	only, err3 := packer.Renderer.Render(ctx, j.w, j.preset, j.at, digest)
	if err1 != nil || err2 != nil {
		if err1 == nil || err2 == nil || err1.Error() != err2.Error() {
			t.Errorf("job %d, %s: error %v packed, %v in full", i, j.w.Key, err2, err1)
		}
		return false
	}
	samePacked(t, i, got, want)
	if err3 != nil || only.Digest != want.Digest || only.Workspace != want.Workspace || only.Objects != nil {
		t.Errorf("job %d, %s: digest %s, want %s (%v)", i, j.w.Key, only.Digest, want.Digest, err3)
	}
	return got.facts.marked
}

// TestShapeOfEveryPreset: so it is for every preset that is served, by every runtime.
func TestShapeOfEveryPreset(t *testing.T) {
	c, _ := builtin(t)
	full, packer := New(c, NewCache()), Packer{New(c, NewCache())}
	for i, j := range everyPreset(c, placements()) {
		if i%slowdown != 0 || j.w.Inference == nil {
			continue
		}
		for k := range 3 {
			w := *j.w
			w.Name = fmt.Sprintf("chat-%d", k)
			// The policy for pods makes an exception for what the toolkit mounts: each Workspace of it is judged.
			want := k > 0 && !(j.preset.CUDAToolkit && runtimeOf(&w) == preset.VLLM)
			if sameForms(t, i, full, packer, job{&w, j.preset, j.at, j.o}) != want {
				t.Errorf("preset %s: Workspace %d is filled in: %v", j.preset.Name, k, !want)
			}
		}
	}
}

// TestShapeFollowsFiles: a shape is of no use once the files of the catalogue are others, and comes back with them.
func TestShapeFollowsFiles(t *testing.T) {
	c, _ := builtin(t)
	edited := editedCatalog(t)
	cache := NewCache()
	n := 0
	for _, c := range []*preset.Catalog{c, c, c, edited, edited, edited, c, c, c} {
		n++
		w := serving(editedPreset, named(fmt.Sprintf("chat-%d", n)))
		p, _ := c.Lookup(editedPreset)
		if sameForms(t, n, New(c, NewCache()), Packer{New(c, cache)}, job{w, p, Placement{Nodes: 1}, options}) != (n%3 != 1) {
			t.Errorf("Workspace %d is filled in: %v", n, n%3 == 1)
		}
	}
}
