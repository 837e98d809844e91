// SPDX-License-Identifier: Apache-2.0

package digest_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/desired/digest"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/render/reach"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
)

// identified is a source that is identified in one situation.
type identified struct {
	files   map[string]string
	presets fs.FS // nil: those of the fixtures
	policy  desired.Policy
	seen    desired.Observed
	found   map[cluster.Ref]cluster.Reference
	cache   *render.Cache
	options load.Options
}

// digest returns the digest of the Workspace phi.
func (i identified) digest(t *testing.T) string {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range i.files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	if i.presets == nil {
		i.presets = reconciletest.Presets()
	}
	if i.policy.Cluster == "" {
		i.policy.Cluster, i.policy.Region = "demo", "eastus"
	}
	in, err := desired.Read(tree, i.presets, i.options, workspace.Env{}, i.cache)
	if err != nil {
		t.Fatal(err)
	}
	in = in.With(i.found, i.policy)
	d, err := desired.Desire(t.Context(), in.Set, in.Catalog, in.Renderer, i.policy, i.seen)
	if err != nil {
		t.Fatal(err)
	}
	for j := range d.Workloads {
		if w := d.Workloads[j]; w.Name == "phi" {
			if len(w.Blocked) > 0 {
				t.Fatalf("blocked: %v", w.Blocked)
			}
			out, err := digest.Of(in, i.policy).Workspace(t.Context(), w)
			if err != nil || out == "" {
				t.Fatalf("digest %q, %v", out, err)
			}
			return out
		}
	}
	t.Fatal("no Workspace phi")
	return ""
}

const configMap = `apiVersion: v1
kind: ConfigMap
metadata: {name: %s, namespace: default}
data: {inference_config.yaml: "vllm: {max-model-len: %d}"}
`

// situations are the Workspace of each kind with its mode of capacity.
var situations = map[string]struct {
	text   string
	source desired.NodeSource
}{
	"named size":     {text: reconciletest.Phi},
	"automatic size": {text: reconciletest.Automatic},
	"existing nodes": {
		text:   strings.Replace(reconciletest.Phi, "  instanceType: Standard_NC24ads_A100_v4\n", "", 1),
		source: desired.ExistingNodes{},
	},
}

// TestDigestIgnores: nothing of this changes the digest of a Workspace.
func TestDigestIgnores(t *testing.T) {
	sku, _ := capacity.LookupSKU("Standard_NC24ads_A100_v4")
	dear := map[string]map[string]float64{"eastus": {sku.Name: 99, "Standard_NC48ads_A100_v4": 1}}
	for name, situation := range situations {
		t.Run(name, func(t *testing.T) {
			base := func() identified {
				return identified{files: map[string]string{"phi.yaml": situation.text}, policy: desired.Policy{
					Cluster: "demo", Region: "eastus", Source: situation.source,
				}}
			}
			want := base().digest(t)
			for what, change := range map[string]func(i *identified){
				"the file": func(i *identified) { i.files = map[string]string{"team/a/b.yaml": situation.text} },
				"labels": func(i *identified) {
					i.files["phi.yaml"] = strings.Replace(situation.text, "name: phi}", "name: phi, labels: {team: x}}", 1)
				},
				"comments":         func(i *identified) { i.files["phi.yaml"] = "# x\n" + situation.text + "# y\n" },
				"other Workspaces": func(i *identified) { i.files["a.yaml"] = reconciletest.Named(reconciletest.Phi, "a") },
				"other objects":    func(i *identified) { i.files["c.yaml"] = fmt.Sprintf(configMap, "other", 1024) },
				"prices":           func(i *identified) { i.policy.Prices = capacity.NewPrices("2030-01-01", "x", dear, nil) },
				"limits": func(i *identified) {
					i.policy.Limits = capacity.Limits{HourlyCost: 50, Nodes: 3, AllowedSizes: []string{"Standard_NC*"}}
				},
				"quota": func(i *identified) {
					i.seen.Live = situation.source == nil
					i.seen.Quota.Families = map[string]capacity.Limit{strings.ToLower(sku.Family): {Known: true}}
				},
				"pools": func(i *identified) {
					i.seen.Pools = []capacity.LivePool{
						{Name: "other", Size: sku.Name, Count: 1, Owned: true, State: capacity.Succeeded},
					}
				},
				"a cache":    func(i *identified) { i.cache = render.NewCache() },
				"preemption": func(i *identified) { i.policy.Preemption = true },
			} {
				i := base()
				change(&i)
				if got := i.digest(t); got != want {
					t.Errorf("%s change the digest", what)
				}
			}
		})
	}
}

const (
	phiPreset  = "models/phi-4-mini-instruct/preset.yaml"
	imagesFile = "components/images/kustomization.yaml"
)

// TestDigestCovers: each of these is another change to review.
func TestDigestCovers(t *testing.T) {
	for name, situation := range situations {
		t.Run(name, func(t *testing.T) {
			policy := desired.Policy{Cluster: "demo", Region: "eastus", Source: situation.source}
			elsewhere := policy
			elsewhere.Cluster = "prod"
			mirrored := policy
			mirrored.Reach.Registries = []reach.Mirror{{From: "mcr.microsoft.com", To: "registry.example.com"}}
			proxied := policy
			proxied.Reach.Proxy.HTTPS = "http://proxy.example.com"
			with := func(from, to string) map[string]string {
				if !strings.Contains(situation.text, from) {
					t.Fatalf("no %q in the Workspace", from)
				}
				return map[string]string{"phi.yaml": strings.Replace(situation.text, from, to, 1)}
			}
			base := map[string]string{"phi.yaml": situation.text}
			config := func(context int) map[string]string {
				return map[string]string{
					"phi.yaml": situation.text + "  config: conf\n", "conf.yaml": fmt.Sprintf(configMap, "conf", context),
				}
			}
			seen := map[string]string{}
			cache := render.NewCache()
			for what, i := range map[string]identified{
				"nothing":         {files: base},
				"suspend":         {files: with("name: phi}", `name: phi, annotations: {syncer.dev/suspend: "true"}}`)},
				"prune":           {files: with("name: phi}", "name: phi, annotations: {syncer.dev/prune: disabled}}")},
				"priority":        {files: with("name: phi}", "name: phi, annotations: {syncer.dev/priority: high}}")},
				"namespace":       {files: with("name: phi}", "name: phi, namespace: other}")},
				"model":           {files: with("phi-4-mini-instruct", "phi-3-mini-128k-instruct")},
				"config":          {files: config(1024)},
				"another config":  {files: config(2048)},
				"another cluster": {files: base, policy: elsewhere},
				"mirror":          {files: base, policy: mirrored},
				"proxy":           {files: base, policy: proxied},
				"patch": {files: map[string]string{"phi.yaml": situation.text, "phi.patch.yaml": "apiVersion: apps/v1\n" +
					"kind: StatefulSet\nmetadata: {name: phi}\nspec: {template: {metadata: {labels: {team: x}}}}\n"}},
				"revision": {files: base, presets: changed(t, phiPreset, "revision: c0", "revision: d0")},
				"flag":     {files: base, presets: changed(t, phiPreset, "bfloat16\n    enable", "float16\n    enable")},
				"image":    {files: base, presets: changed(t, imagesFile, "newTag: ", "newTag: \"9\" # ")},
			} {
				if i.policy.Cluster == "" {
					i.policy = policy
				}
				i.cache = cache
				got := i.digest(t)
				if other, twice := seen[got]; twice {
					t.Errorf("%s and %s have the same digest", what, other)
				}
				seen[got] = what
				if i.digest(t) != got {
					t.Errorf("%s: two digests of the same", what)
				}
			}
		})
	}
}

// changed are the presets of the fixtures with another text in a file.
func changed(t *testing.T, name, from, to string) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	for path, file := range reconciletest.Presets().(fstest.MapFS) {
		out[path] = file
	}
	text := string(out[name].Data)
	if !strings.Contains(text, from) {
		t.Fatalf("no %q in %s:\n%s", from, name, text)
	}
	out[name] = &fstest.MapFile{Data: []byte(strings.Replace(text, from, to, 1))}
	return out
}

// TestDigestIgnoresCluster: an object that only the cluster has is no part of what was reviewed, as the plan between
// two commits does not know it.
func TestDigestIgnoresCluster(t *testing.T) {
	files := map[string]string{"phi.yaml": reconciletest.Phi + "  config: conf\n"}
	ref := cluster.Ref{Version: "v1", Kind: "ConfigMap", Namespace: "default", Name: "conf"}
	data := map[string]string{"inference_config.yaml": "vllm: {max-model-len: 1024}"}
	found := map[cluster.Ref]cluster.Reference{ref: {Presence: cluster.Present, Data: data}}
	live := identified{files: files, found: found}
	if (identified{files: files}).digest(t) != live.digest(t) {
		t.Error("an object of the cluster changes the digest")
	}
}

// TestRandomDigests: over random sources, the digest of phi depends on its own files alone.
func TestRandomDigests(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	cache := render.NewCache()
	own := []string{reconciletest.Phi, reconciletest.Automatic, reconciletest.Phi + "  config: conf\n"}
	known := map[string]string{}
	for range 60 {
		config, text := 1024<<rng.IntN(2), own[rng.IntN(len(own))]
		files := map[string]string{
			fmt.Sprintf("dir%d/phi.yaml", rng.IntN(3)): text,
			"conf.yaml": fmt.Sprintf(configMap, "conf", config),
		}
		for i := range rng.IntN(4) {
			name := fmt.Sprintf("other%d", rng.IntN(9)*4+i)
			files[fmt.Sprintf("other%d.yaml", i)] = reconciletest.Named(own[rng.IntN(2)], name)
		}
		if !strings.Contains(text, "config:") {
			config = 0
		}
		key := fmt.Sprint(config, text)
		i := identified{files: files, cache: cache}
		i.policy = desired.Policy{Cluster: "demo", Region: "eastus", Limits: capacity.Limits{Nodes: rng.IntN(3)}}
		got := i.digest(t)
		if known[key] == "" {
			known[key] = got
		}
		if known[key] != got {
			t.Fatalf("the digest of\n%s\nchanged with %q", text, files)
		}
	}
	if len(known) < 4 {
		t.Errorf("only %d states were seen", len(known))
	}
}
