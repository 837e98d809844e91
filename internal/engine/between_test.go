// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git/worktree"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/document"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/find"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// tree is the text of files by path.
type tree map[string]string

func (t tree) files() fs.FS {
	out := fstest.MapFS{}
	for name, text := range t {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

// revision returns a tree as a revision whose commit and inputs are a number.
func (t tree) revision(n int) engine.Revision {
	return engine.Revision{Commit: fmt.Sprint("commit-", n), Files: t.files(), Inputs: fmt.Sprint(n)}
}

// reading returns the function Read of an engine.
func reading(memo *load.Memo) func(engine.Revision) (desired.Input, error) {
	cache := render.NewCache()
	return func(rev engine.Revision) (desired.Input, error) {
		options := load.Options{
			Namespaces: []string{"default"},
			Patterns:   func() find.Patterns { return &worktree.Ignore{} },
			Memo:       memo,
		}
		return desired.Read(rev.Files, presets.FS, options, desired.AgentPools{}.Admission(), cache)
	}
}

var policy = desired.Policy{Cluster: "test", Region: "eastus", Prune: true}

// fromNothing makes the plan that Between makes, in the plain way: each side is decoded by itself, and all of its
// objects are rendered and compared in full.
func fromNothing(t *testing.T, policy desired.Policy, from, to engine.Revision) plan.Plan {
	t.Helper()
	read := reading(nil)
	side := func(rev engine.Revision, seen desired.Observed) plan.Side {
		in, err := read(rev)
		if err != nil {
			t.Fatal(err)
		}
		nodes := in.Offline()
		seen.NodesKnown, seen.State.Nodes = nodes.NodesKnown, append(seen.State.Nodes, nodes.State.Nodes...)
		d, err := desired.Desire(context.Background(), in.Set, in.Catalog, in.Renderer, policy, seen)
		if err != nil {
			t.Fatal(err)
		}
		return plan.Side{Set: in.Set, Desired: d}
	}
	before := side(from, desired.Observed{Eventual: true})
	seen := plan.Eventually(before)
	seen.Explain = true
	return plan.Between(policy, from.Commit, to.Commit, before, side(to, seen))
}

// shown returns the whole plan, but for what is found in it afterwards.
func shown(t *testing.T, p plan.Plan) string {
	t.Helper()
	p.Findings = nil
	for i := range p.Workspaces {
		p.Workspaces[i].Digest = ""
	}
	text, err := json.MarshalIndent(document.Of(&p), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// workspaceText returns a Workspace; size and config may be empty.
func workspaceText(name, preset, size, config string) string {
	text := "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: " + name + "\n"
	if size != "" {
		text += "resource:\n  instanceType: " + size + "\n"
	}
	text += "inference:\n  preset:\n    name: " + preset + "\n"
	if config != "" {
		text += "  config: " + config + "\n"
	}
	return text
}

// edits are changes that a commit makes; some change what other files mean.
var edits = map[string]func(r *rand.Rand, t tree){
	"a model":  func(r *rand.Rand, t tree) { t[someFile(r)] = workspaceText(someName(r), someModel(r), "", "") },
	"a size":   func(r *rand.Rand, t tree) { t[someFile(r)] = workspaceText(someName(r), someModel(r), someSize(r), "") },
	"settings": func(r *rand.Rand, t tree) { t[someFile(r)] = workspaceText(someName(r), someModel(r), "", "settings") },
	"a priority": func(r *rand.Rand, t tree) {
		text := workspaceText(someName(r), someModel(r), "", "")
		annotation := fmt.Sprintf("  annotations: {syncer.dev/priority: %s}\n", []string{"low", "high"}[r.IntN(2)])
		t[someFile(r)] = strings.Replace(text, "inference:", annotation+"inference:", 1)
	},
	"a suspension": func(r *rand.Rand, t tree) {
		text := workspaceText(someName(r), someModel(r), "", "")
		t[someFile(r)] = strings.Replace(text, "inference:", "  annotations: {syncer.dev/suspend: 'true'}\ninference:", 1)
	},
	"a file is gone": func(r *rand.Rand, t tree) {
		names := slices.Sorted(maps.Keys(t))
		delete(t, names[r.IntN(len(names))])
	},
	"a file moves": func(r *rand.Rand, t tree) {
		names := slices.Sorted(maps.Keys(t))
		from := names[r.IntN(len(names))]
		text := t[from]
		delete(t, from)
		t["moved/"+fmt.Sprint(r.IntN(3))+".yaml"] = text
	},
	"a broken file": func(r *rand.Rand, t tree) { t[someFile(r)] = "apiVersion: kaito.sh/v1beta1\nkind: Workspace\n  x" },
	"a ConfigMap that others name": func(r *rand.Rand, t tree) {
		t["settings.yaml"] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n"+
			"  inference_config.yaml: |\n    vllm:\n      max-model-len: %d\n", 1024*(1+r.IntN(3)))
	},
	"a patch": func(r *rand.Rand, t tree) {
		file, name := someFile(r), someName(r)
		t[file] = workspaceText(name, someModel(r), "", "")
		t[file[:2]+name+".patch.yaml"] = fmt.Sprintf(
			"apiVersion: v1\nkind: Service\nmetadata:\n  name: %s\n  annotations:\n    note: n%d\n", name, r.IntN(3))
	},
	"what is ignored": func(r *rand.Rand, t tree) { t[find.IgnoreFile] = fmt.Sprintf("/a/%d.yaml\n", r.IntN(4)) },
	"a replicated model": func(r *rand.Rand, t tree) {
		t["set.yaml"] = fmt.Sprintf("apiVersion: kaito.sh/v1alpha1\nkind: InferenceSet\nmetadata:\n  name: many\nspec:\n"+
			"  replicas: %d\n  labelSelector: {}\n  template:\n    inference:\n      preset:\n        name: %s\n",
			r.IntN(4), someModel(r))
	},
	"a preset that others use": func(r *rand.Rand, t tree) {
		const name = "phi-4-mini-instruct"
		for _, file := range []string{"preset.yaml", "kustomization.yaml"} {
			if text, err := fs.ReadFile(presets.FS, "models/"+name+"/"+file); err == nil {
				t["presets/models/"+name+"/"+file] = string(text) + fmt.Sprintf("# %d\n", r.IntN(3))
			}
		}
		t["presets/models/"+name+"/kustomization.yaml"] += fmt.Sprintf("commonAnnotations:\n  edition: e%d\n", r.IntN(3))
	},
	"a kustomization": func(r *rand.Rand, t tree) {
		t["built/kustomization.yaml"] = fmt.Sprintf("resources: [w.yaml]\nnamePrefix: p%d-\n", r.IntN(2))
		t["built/w.yaml"] = workspaceText("built", someModel(r), "", "")
	},
	"a tuning": func(r *rand.Rand, t tree) {
		t[fmt.Sprintf("t%d.yaml", r.IntN(2))] = fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n"+
			"  name: tune-%d\nresource:\n  instanceType: Standard_NC24ads_A100_v4\ntuning:\n  preset:\n"+
			"    name: phi-4-mini-instruct\n  method: qlora\n  input:\n    urls: [\"https://example.com/data.parquet\"]\n"+
			"  output:\n    image: example.azurecr.io/out:1\n    imagePushSecret: push\n", r.IntN(2))
	},
}

func someFile(r *rand.Rand) string { return fmt.Sprintf("%c/%d.yaml", "ab"[r.IntN(2)], r.IntN(4)) }

func someName(r *rand.Rand) string { return fmt.Sprintf("m-%d", r.IntN(9)) }

func someModel(r *rand.Rand) string {
	all := []string{"phi-4-mini-instruct", "phi-4", "falcon-7b", "no-such-model", "qwen2.5-coder-7b-instruct"}
	return all[r.IntN(len(all))]
}

func someSize(r *rand.Rand) string {
	all := []string{"Standard_NC24ads_A100_v4", "Standard_NV36ads_A10_v5", "Standard_D2s_v3"}
	return all[r.IntN(len(all))]
}

// TestBetweenRemembers makes random commits, and plans each of them against the first and against the one before. An
// engine that remembers what it has decoded, sized and rendered says byte for byte what one says that starts from
// nothing.
func TestBetweenRemembers(t *testing.T) {
	names := slices.Sorted(maps.Keys(edits))
	seen := map[plan.Op]int{}
	policies := []func(*desired.Policy){
		func(*desired.Policy) {},
		func(p *desired.Policy) { p.Limits.Nodes, p.Preemption = 3, true }, // some find no place
		func(p *desired.Policy) { p.Limits.HourlyCost = 9 },
		func(p *desired.Policy) {
			p.Limits.AllowedSizes = []string{"Standard_N*A100*"} // large, and so shared
			p.MaxPriority = map[string]workspace.Priority{"default": workspace.Normal}
		},
	}
	for seed := range uint64(4) {
		random, policy := rand.New(rand.NewPCG(seed, 1)), policy
		policies[seed](&policy)
		warm := engine.New(engine.Settings{Policy: policy, Read: reading(load.NewMemo())}, nil)
		now := tree{}
		for range 8 {
			edits["a model"](random, now)
			edits[names[random.IntN(len(names))]](random, now)
		}
		base, last, lastNumber := now.revision(0), now.revision(0), 0
		for step := 1; step <= 8; step++ {
			now = maps.Clone(now)
			var done []string
			for range 1 + random.IntN(3) {
				done = append(done, names[random.IntN(len(names))])
				if len(now) > 0 {
					edits[done[len(done)-1]](random, now)
				}
			}
			from := base
			if step%3 == 0 {
				from = last
			}
			to := now.revision(step)
			got, err := warm.Between(context.Background(), from, to)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(shown(t, fromNothing(t, policy, from, to)), shown(t, got)); diff != "" {
				t.Fatalf("seed %d, step %d after %d, %v (-from nothing +remembered):\n%s", seed, step, lastNumber, done, diff)
			}
			for op, n := range got.Counts() {
				seen[op] += n
			}
			last, lastNumber = to, step
		}
	}
	for _, op := range []plan.Op{plan.Create, plan.Update, plan.Delete, plan.NoOp, plan.Hold} {
		if seen[op] == 0 {
			t.Errorf("no change was a %s: %v", op, seen)
		}
	}
}
