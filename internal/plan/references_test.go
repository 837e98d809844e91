// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/desired/references"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

func reading(t *testing.T, files map[string]string, env workspace.Env) desired.Input {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	in, err := desired.Read(tree, presets.FS, load.Options{}, env, nil)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func desiredWith(
	t *testing.T,
	in desired.Input,
	policy desired.Policy,
	found map[cluster.Ref]cluster.Reference,
) desired.Desired {
	t.Helper()
	d, err := desired.Desire(
		t.Context(),
		in.With(found, policy).Set,
		in.Catalog,
		in.Renderer,
		policy,
		desired.Observed{Found: found, Eventual: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func config(text string) cluster.Reference {
	return cluster.Reference{Presence: cluster.Present, Data: map[string]string{"inference_config.yaml": text}}
}

func TestExternalReferences(t *testing.T) {
	in := reading(t, map[string]string{
		"a.yaml":    configured("a", "conf"),
		"b.yaml":    configured("b", "conf"),
		"t.yaml":    tune("t", "example.azurecr.io/a:1"),
		"own.yaml":  fixture("configmap.yaml"),
		"c.yaml":    configured("c", "own"),
		"evil.yaml": configured("evil", "../../secrets/x"),
	}, workspace.Env{})
	var got []string
	for _, r := range in.References(policy) {
		got = append(got, r.Namespace+"/"+r.String())
	}
	if !slices.Equal(got, []string{"default/ConfigMap/conf", "default/Secret/push"}) {
		t.Error(got)
	}
	withKarpenter := policy
	withKarpenter.Source = onClassGPU
	if refs := in.References(withKarpenter); !slices.Contains(
		refs,
		cluster.Ref{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "gpu"},
	) ||
		len(refs) != 3 {
		t.Error(refs)
	}
}

// A ConfigMap of the cluster counts as one of the repository, but is not applied.
func TestConfigMapOfTheCluster(t *testing.T) {
	in := reading(t, map[string]string{"a.yaml": configured("a", "conf")}, workspace.Env{})
	ref := cluster.Ref{Version: "v1", Kind: "ConfigMap", Namespace: "default", Name: "conf"}
	digests := map[string]string{}
	for _, text := range []string{"vllm: {max-model-len: 1024}", "vllm: {max-model-len: 2048}"} {
		d := desiredWith(t, in, policy, map[cluster.Ref]cluster.Reference{ref: config(text)})
		if len(d.Blocked()) > 0 ||
			slices.ContainsFunc(d.Objects, func(o desired.Object) bool { return o.Content.GetName() == "conf" }) {
			t.Fatalf("%+v", d.Problems)
		}
		for _, o := range d.Objects {
			if isWorkload(o.Content) {
				at, _, _ := unstructured.NestedStringMap(o.Content.Object, "spec", "template", "metadata", "annotations")
				digests[text] = at["syncer.dev/config"]
			}
		}
		if d.Workloads[0].Workspace.Digest != in.Set.Workspaces[0].Digest {
			t.Error("the digest of what the user asked for is another")
		}
	}
	if a, b := digests["vllm: {max-model-len: 1024}"], digests["vllm: {max-model-len: 2048}"]; a == "" || b == "" ||
		a == b {
		t.Errorf("digests of the configuration: %q, %q", a, b)
	}
	for name, tt := range map[string]struct {
		look cluster.Reference
		want string // "" for no error
	}{
		"missing": {
			look: cluster.Reference{Presence: cluster.Missing},
			want: "ConfigMap default/conf is not in the repository, nor in the cluster",
		},
		"pruned next": {
			look: cluster.Reference{Presence: cluster.Present, Ours: true, Data: map[string]string{}},
			want: "nor in the cluster",
		},
		"without the key": {
			look: cluster.Reference{Presence: cluster.Present, Data: map[string]string{"config.yaml": ""}},
			want: "ConfigMap conf has no key inference_config.yaml",
		},
		"unreadable now": {
			look: cluster.Reference{Presence: cluster.Unknown, Passing: true, Why: "etcd is ill"},
			want: "syncer cannot read ConfigMap default/conf: etcd is ill",
		},
		"nonsense":      {config("vllm: [1]"), "must be a mapping"},
		"too long":      {config("vllm: {max-model-len: 99999999}"), "vllm.max-model-len: 99999999 exceeds"},
		"not permitted": {cluster.Reference{Presence: cluster.Unknown, Why: "not permitted"}, ""},
		"good":          {config("vllm: {max-model-len: 1024}"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := desiredWith(t, in, policy, map[cluster.Ref]cluster.Reference{ref: tt.look})
			var errs []string
			for _, p := range d.Workloads[0].Blocked {
				errs = append(errs, p.String())
			}
			if got := strings.Join(errs, "\n"); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("%q", got)
			}
		})
	}
	if len(in.Set.Objects) != 0 ||
		slices.ContainsFunc(in.Set.Problems, func(p diag.Diagnostic) bool { return p.Severity == diag.Error }) {
		t.Errorf("the input itself was changed: %+v", in.Set)
	}
}

// A missing reference blocks nothing, and is not reported once it exists or is unreadable.
func TestMissingSecret(t *testing.T) {
	in := reading(
		t,
		map[string]string{
			"t.yaml": strings.Replace(tune("t", "example.azurecr.io/a:1"), "Standard_NC6s_v3", "Standard_NC24ads_A100_v4", 1),
		},
		workspace.Env{},
	)
	ref := cluster.Ref{Version: "v1", Kind: "Secret", Namespace: "default", Name: "push"}
	d := desiredWith(t, in, policy, map[cluster.Ref]cluster.Reference{ref: {Presence: cluster.Missing}})
	const want = "Secret default/push (tuning.output.imagePushSecret) is missing; create it: " +
		"kubectl create secret docker-registry push --from-file=.dockerconfigjson -n default"
	if w := d.Workloads[0]; len(w.Blocked) > 0 || len(w.Bundle.Objects) == 0 || !slices.Equal(w.Missing, []string{want}) {
		t.Errorf("%+v", w)
	}
	if !slices.ContainsFunc(d.Problems, func(p diag.Diagnostic) bool {
		return p.Severity == diag.Warning && p.Line > 1 &&
			strings.Contains(p.Message, "Secret default/push is not in the cluster or the repository")
	}) {
		t.Errorf("%+v", d.Problems)
	}
	for _, l := range []cluster.Reference{{Presence: cluster.Present}, {Presence: cluster.Unknown, Why: "not permitted"}} {
		found := map[cluster.Ref]cluster.Reference{ref: l}
		d := desiredWith(t, in, policy, found)
		if len(d.Workloads[0].Missing) > 0 ||
			slices.ContainsFunc(d.Problems, func(p diag.Diagnostic) bool { return strings.Contains(p.Message, "push") }) {
			t.Errorf("%+v: %+v", l, d.Problems)
		}
		unresolved := references.Found(found).Unresolved()
		if unknown := l.Presence == cluster.Unknown; (len(unresolved) == 1) != unknown {
			t.Errorf("%+v: %v", l, unresolved)
		}
	}
}

// onClassGPU has Karpenter create nodes of a class that may be missing.
var onClassGPU = desired.NodePools{Settings: karpenter.Settings{
	Class: karpenter.NodeClass{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "gpu"},
}}

func TestMissingNodeClass(t *testing.T) {
	policy := policy
	policy.Source = onClassGPU
	in := reading(t, map[string]string{"a.yaml": serve("a", "Standard_NC24ads_A100_v4")}, workspace.Env{AnySize: true})
	ref := cluster.Ref{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "gpu"}
	for l, want := range map[string]cluster.Reference{
		"AKSNodeClass.karpenter.azure.com gpu is missing": {Presence: cluster.Missing},
		"install Karpenter": {
			Presence: cluster.Missing,
			Why:      "the cluster does not know the kind AKSNodeClass.karpenter.azure.com",
		},
		"": {Presence: cluster.Present},
	} {
		w := desiredWith(t, in, policy, map[cluster.Ref]cluster.Reference{ref: want}).Workloads[0]
		if got := strings.Join(w.Notes, "; "); len(w.Blocked) > 0 || !strings.Contains(got, l) ||
			l == "" && strings.Contains(got, "gpu") {
			t.Errorf("%q; %+v", got, w.Blocked)
		}
	}
}
