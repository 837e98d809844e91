// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/findings"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// drawn is a random tree, with the configuration that judges it.
type drawn struct {
	files    fstest.MapFS
	policy   desired.Policy
	unpinned diag.Verdict
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// draw draws Workspaces of which some are invalid, gated, unpinned or too large, and limits that may not hold them all.
func draw(r *rand.Rand) drawn {
	d := drawn{files: fstest.MapFS{}, unpinned: pick(r, diag.Fail, diag.Warn, diag.Off)}
	for i := range 1 + r.IntN(3) {
		name := fmt.Sprintf("w%d", i)
		size := pick(r, "Standard_NC24ads_A100_v4", "Standard_NC40ads_H100_v5", "auto", "Standard_NV36ads_A10_v5")
		preset := pick(r, "phi-4-mini-instruct", "phi-4-mini-instruct", "phi-4", "phi-4",
			"llama-2-7b", "llama-3.1-8b-instruct", "nosuch", "phi-3.5-mini-instruct", "phi-3.5-mini-instruct")
		text := strings.NewReplacer("NAME", name, "SIZE", size, "PRESET", preset).Replace(`apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: NAME}
resource: {instanceType: SIZE, labelSelector: {matchLabels: {app: NAME}}}
inference:
  preset: {name: PRESET}
`)
		if r.IntN(12) == 0 {
			text = strings.Replace(text, "inference:", "inferense:", 1)
		}
		if r.IntN(8) == 0 {
			text = strings.Replace(text, "preset: {name: "+preset+"}", "template: {spec: {hostNetwork: "+
				pick(r, "true", "false")+", containers: [{name: c, image: 'example.com/x:1'}]}}", 1)
		}
		d.files[name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	d.policy = desired.Policy{Cluster: "demo", Region: "eastus", Prune: true}
	d.policy.Limits.Nodes = pick(r, 0, 0, 1, 2)
	d.policy.Limits.HourlyCost = pick(r, 0.0, 0, 5, 8)
	d.policy.Limits.AllowedSizes = pick(r, nil, nil, []string{"Standard_NC*"})
	d.policy.Pods = podpolicy.Policy{Level: pick(r, podpolicy.Baseline, podpolicy.Restricted, podpolicy.Privileged)}
	d.policy.RetiredSizes = pick(r, "substitute", "refuse")
	return d
}

func (d drawn) read(cache *render.Cache) func(Revision) (desired.Input, error) {
	return func(rev Revision) (desired.Input, error) {
		env := workspace.Env{
			Pool:             &workspace.PoolFacts{Cluster: "demo", Region: "eastus", Zones: d.policy.Limits.Zones},
			UnpinnedRevision: d.unpinned,
		}
		return desired.Read(rev.Files, presets.FS, load.Options{Pods: d.policy.Pods}, env, cache)
	}
}

// TestValidateAndPlanAgree compares the verdict of "validate" on a tree with that of a plan that ends in the same tree:
// the same Workspaces are refused. The policies on what a change does are warnings, since validate sees no change.
func TestValidateAndPlanAgree(t *testing.T) {
	const trees = 80
	cache := render.NewCache()
	blocked := 0
	for seed := range uint64(trees) {
		d := draw(rand.New(rand.NewPCG(seed, 1)))
		in, err := d.read(cache)(Revision{Files: d.files})
		if err != nil {
			t.Fatal(err)
		}
		offline, _, err := Offline(t.Context(), in, d.policy)
		if err != nil {
			t.Fatal(err)
		}
		want := map[workspace.Key]bool{}
		for _, p := range offline.Problems {
			if p.Severity == diag.Error {
				want[p.Workspace] = true
			}
		}
		d.policy.Changes = desired.ChangePolicy{
			Deletion: diag.Warn, Interruption: diag.Warn, CostDelta: diag.Warn, UnknownQuota: diag.Warn,
			UnpinnedRevision: d.unpinned,
		}
		e := New(Settings{Policy: d.policy, Read: d.read(cache)}, nil)
		nothing, all := Revision{Inputs: "none", Files: fstest.MapFS{}}, Revision{Inputs: "all", Files: d.files}
		p, err := e.Between(t.Context(), nothing, all)
		if err != nil {
			t.Fatal(err)
		}
		got := map[workspace.Key]bool{}
		for i := range p.Workspaces {
			if w := p.Workspaces[i]; len(w.Blocked) > 0 || w.Refused {
				got[w.Key] = true
			}
		}
		for _, problem := range p.Problems {
			if problem.Severity == diag.Error {
				got[problem.Workspace] = true
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("seed %d: the plan refuses %v, validate %v; limits %+v", seed, keys(got), keys(want), d.policy.Limits)
		}
		v := p.Verdict()
		if (v.Outcome == plan.Blocked) != (len(want) > 0) {
			t.Errorf("seed %d: validate refuses %v, and the verdict is %+v", seed, keys(want), v)
		}
		if len(want) > 0 && strings.Contains(v.Line, "no changes") {
			t.Errorf("seed %d: %q for models that can never run", seed, v.Line)
		}
		if len(want) > 0 {
			blocked++
		}
	}
	if blocked < trees/4 || blocked > trees*9/10 {
		t.Errorf("%d of %d trees are refused: draw others", blocked, trees)
	}
}

func keys(m map[workspace.Key]bool) []workspace.Key {
	return slices.SortedFunc(maps.Keys(m), workspace.Key.Compare)
}

// TestBetweenTakesFromTheQuota counts only what the head needs beyond the base.
func TestBetweenTakesFromTheQuota(t *testing.T) {
	two := strings.ReplaceAll(phi, "phi}", "b}")
	files := fstest.MapFS{"phi.yaml": {Data: []byte(phi)}, "b.yaml": {Data: []byte(two)}}
	both := Revision{Inputs: "both", Files: files}
	for limit, want := range map[int]string{
		24: "1 model created, +2,681 USD/month, quota short by 24 vCPU: blocked",
		48: "1 model created, +2,681 USD/month",
	} {
		known := capacity.Limit{Used: 24, Max: limit, Known: true}
		e := New(Settings{
			Policy: desired.Policy{Cluster: "demo", Region: "eastus"},
			Read:   engineOf(&library{}, PreviewUpdates).settings.Read,
			Live: Live{
				Asked: findings.Asked{Azure: true},
				Quota: capacity.Quota{
					Families: map[string]capacity.Limit{"standardncadsa100v4family": known}, Regional: known,
				},
			},
		}, nil)
		p, err := e.Between(t.Context(), revision(phi), both)
		if err != nil || p.Verdict().Line != want {
			t.Errorf("limit %d: %+v, %v\nwant %s", limit, p.Verdict(), err, want)
		}
	}
}
