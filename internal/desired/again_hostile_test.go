// SPDX-License-Identifier: Apache-2.0

package desired_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files/filestest"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/find"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// lines ignores the files whose paths hold a line.
type lines struct{ all []string }

func (l *lines) Add(_ string, text []byte) {
	l.all = append(l.all, strings.Fields(string(text))...)
}

func (l *lines) Ignored(name string, _ bool) bool {
	return slices.ContainsFunc(l.all, func(s string) bool { return strings.Contains(name, s) })
}

// TestReadingCommitsIsReading: over random commits, of which most change the content of few files, a source that is
// read commit by commit is the source that is read alone, with its problems and references.
func TestReadingCommitsIsReading(t *testing.T) {
	all := cmp.Options{
		cmp.Exporter(func(reflect.Type) bool { return true }),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".edition" }, cmp.Ignore()),
		cmpopts.EquateEmpty(),
	}
	again := 0
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		pick := func(s ...string) string { return s[rnd.IntN(len(s))] }
		text := func(name string) string {
			out := fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata:\n  name: %s\n", name)
			switch rnd.IntN(9) {
			case 0:
				out += "  annotations: {syncer.dev/depends-on: " + pick("w0", "w1", "w2", "w3", "gone") + "}\n"
			case 1:
				out += "  annotations: {syncer.dev/suspend: " + pick("\"true\"", "\"false\"", "maybe") + "}\n"
			case 2:
				out += "  namespace: " + pick("a", "b", "kube-system") + "\n"
			case 3:
				out += "  labels: {a/b: " + pick("c", "d", "\"x y\"") + "}\n"
			}
			switch rnd.IntN(7) {
			case 0:
				out += "resource: {instanceType: " + pick("Standard_NC24ads_A100_v4", "Nope", "Standard_NC48ads_A100_v4") + "}\n"
			case 1:
				out += "resource: {count: " + pick("0", "2", "-1", "x") + "}\n"
			}
			out += "inference:\n  preset: {name: " + pick("phi-4", "phi-4", "phi-4", "phi-4-mini-instruct", "nope") + "}\n"
			switch rnd.IntN(8) {
			case 0, 1:
				out += "  config: " + pick("c", "d") + "\n"
			case 2:
				out += "  unknown: 1\n"
			case 3:
				out += "  adapters: [{name: a, source: {image: x/y, imagePullSecrets: [" + pick("s", "u") + "]}}]\n"
			}
			return out
		}
		tree := map[string]string{}
		edit := func(rare bool) {
			name := fmt.Sprintf("w%d", rnd.IntN(6))
			at := "apps/t" + pick("0", "1") + "/" + name + ".yaml"
			if !rare && tree[at] != "" {
				tree[at] = text(name)
				return
			}
			switch rnd.IntN(16) {
			case 0:
				delete(tree, at)
			case 1:
				tree["apps/c.yaml"] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"+
					"data: {inference_config.yaml: 'vllm: {max-num-seqs: %d}'}\n", pick("c", "d"), rnd.IntN(3))
			case 2:
				tree["apps/t0/"+name+".patch.yaml"] = fmt.Sprintf("kind: StatefulSet\nspec: {replicas: %d}\n", rnd.IntN(2))
			case 3:
				delete(tree, "apps/t0/"+name+".patch.yaml")
			case 4:
				tree["apps/"+find.IgnoreFile] = pick("w1", "w2", "nothing", "t1")
			case 5:
				tree[find.IgnoreFile] = pick("w3", "nothing")
			case 6:
				tree["apps/stop.yaml"] = "apiVersion: syncer.dev/v1alpha1\nkind: Suspend\nmetadata: {name: x}\nspec: {reason: " +
					pick("a", "b") + "}\n"
			case 7:
				delete(tree, "apps/stop.yaml")
			case 8:
				tree["apps/status/w.yaml"] = text("status")
			case 9:
				tree["other/w.yaml"] = text("other")
			case 10:
				tree[at] = text(name) + "---\n" + text(name+"b")
			case 11:
				tree["apps/set.yaml"] = strings.Replace(strings.Replace(text("w"), "kind: Workspace", "kind: InferenceSet", 1),
					"inference:", "spec:\n  replicas: "+pick("1", "2")+"\n", 1)
			case 12:
				tree[at] = text(name) + strings.Repeat("# long\n", 300)
			case 13:
				tree[at] = "kind: Suspend\n" + text(name)
			case 14:
				tree["apps/presets/own.yaml"] = pick("a: b", "c: d")
			default:
				tree[at] = text(name)
			}
		}
		options := load.Options{
			Root: "apps", Skip: []string{"apps/status"}, Memo: load.NewMemo(), Namespaces: []string{"default", "a", "b"},
			Limits:   load.Limits{FileBytes: 1500, Workspaces: 8 + rnd.IntN(4), Values: 150 + rnd.IntN(200)},
			Patterns: func() find.Patterns { return &lines{} },
		}
		policy := desired.Policy{Cluster: "demo", Region: "eastus"}
		var last desired.Input
		for range 8 {
			edit(true)
		}
		for round := range 40 {
			edit(rnd.IntN(8) == 0)
			alone := options
			alone.Memo = nil
			want, err := desired.Read(filestest.New(maps.Clone(tree)), presets.FS, alone, workspace.Env{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			before := options.Memo.Stats().Again
			got, err := desired.Read(filestest.New(maps.Clone(tree)), presets.FS, options, workspace.Env{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			again += options.Memo.Stats().Again - before
			if diff := cmp.Diff(want.Set, got.Set, all); diff != "" {
				t.Fatalf("seed %d, round %d (-alone +by commits):\n%s", seed, round, diff)
			}
			if last.Set != nil && last.SameReferences(got, policy) &&
				!slices.Equal(last.References(policy), got.References(policy)) {
				t.Fatalf("seed %d, round %d: the references are others", seed, round)
			}
			if rnd.IntN(4) == 0 { // as for people, and as a caller adds what it knows
				got.Set.Rename(func(s string) string { return "shown/" + s })
				got.Set.Problems = append(got.Set.Problems, diag.Warningf(diag.NotRead, "x"))
			}
			last = got
		}
	}
	if again < 10 {
		t.Errorf("%d commits were read by what they change", again)
	}
}
