package plan

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// configured is a served Workspace whose configuration is somewhere else.
func configured(name, config string) string {
	return serve(name, "Standard_NC24ads_A100_v4") + "  config: " + config + "\n"
}

func reading(t *testing.T, files map[string]string, env workspace.Env) Input {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	in, err := Read(tree, presets.FS, workspace.Options{}, env, nil)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func desiredWith(t *testing.T, in Input, policy Policy, found map[cluster.Ref]cluster.Look) Desired {
	t.Helper()
	d, err := Desire(t.Context(), in.With(found, policy).Set, in.Catalog, in.Renderer, policy, Observed{Found: found, Eventual: true})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func config(text string) cluster.Look {
	return cluster.Look{Presence: cluster.Present, Data: map[string]string{"inference_config.yaml": text}}
}

func TestOutside(t *testing.T) {
	in := reading(t, map[string]string{
		"a.yaml": configured("a", "conf"), "b.yaml": configured("b", "conf"), "t.yaml": tune("t", "example.azurecr.io/a:1"),
		"own.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own, namespace: default}\ndata: {}\n", "c.yaml": configured("c", "own"),
		"evil.yaml": configured("evil", "../../secrets/x"),
	}, workspace.Env{})
	var got []string
	for _, r := range in.Outside(policy) {
		got = append(got, r.Namespace+"/"+r.String())
	}
	if !slices.Equal(got, []string{"default/ConfigMap/conf", "default/Secret/push"}) {
		t.Error(got)
	}
	karpenter := policy
	karpenter.Karpenter = &capacity.Karpenter{Class: capacity.NodeClass{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "gpu"}}
	if refs := in.Outside(karpenter); !slices.Contains(refs, cluster.Ref{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "gpu"}) || len(refs) != 3 {
		t.Error(refs)
	}
}

// A ConfigMap of the cluster counts as one of the repository, but is not applied.
func TestConfigMapOfTheCluster(t *testing.T) {
	in := reading(t, map[string]string{"a.yaml": configured("a", "conf")}, workspace.Env{})
	ref := refOf(workspace.Named{Kind: "ConfigMap", Key: workspace.Key{Namespace: "default", Name: "conf"}})
	digests := map[string]string{}
	for _, text := range []string{"vllm: {max-model-len: 1024}", "vllm: {max-model-len: 2048}"} {
		d := desiredWith(t, in, policy, map[cluster.Ref]cluster.Look{ref: config(text)})
		if len(d.Blocked()) > 0 || slices.ContainsFunc(d.Objects, func(o Object) bool { return o.Content.GetName() == "conf" }) {
			t.Fatalf("%+v", d.Problems)
		}
		for _, o := range d.Objects {
			if isWorkload(o.Content) {
				at, _, _ := unstructured.NestedStringMap(o.Content.Object, "spec", "template", "metadata", "annotations")
				digests[text] = at["syncer.dev/config"]
			}
		}
		if d.Wishes[0].Workspace.Digest != in.Set.Workspaces[0].Digest {
			t.Error("the digest of what the user asked for is another")
		}
	}
	if a, b := digests["vllm: {max-model-len: 1024}"], digests["vllm: {max-model-len: 2048}"]; a == "" || b == "" || a == b {
		t.Errorf("digests of the configuration: %q, %q", a, b)
	}
	for name, tt := range map[string]struct {
		look cluster.Look
		want string // "" when nothing is wrong
	}{
		"missing":         {cluster.Look{Presence: cluster.Missing}, "ConfigMap default/conf is not in the repository, nor in the cluster"},
		"about to go":     {cluster.Look{Presence: cluster.Present, Ours: true, Data: map[string]string{}}, "nor in the cluster"},
		"without the key": {cluster.Look{Presence: cluster.Present, Data: map[string]string{"config.yaml": ""}}, "ConfigMap conf has no key inference_config.yaml"},
		"nonsense":        {config("vllm: [1]"), "must hold a mapping"},
		"too long":        {config("vllm: {max-model-len: 99999999}"), "max-model-len 99999999 exceeds"},
		"unreadable now":  {cluster.Look{Presence: cluster.Unknown, Passing: true, Why: "etcd is ill"}, "ConfigMap default/conf cannot be read: etcd is ill"},
		"not permitted":   {cluster.Look{Presence: cluster.Unknown, Why: "not permitted"}, ""},
		"good":            {config("vllm: {max-model-len: 1024}"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := desiredWith(t, in, policy, map[cluster.Ref]cluster.Look{ref: tt.look})
			var errs []string
			for _, p := range d.Wishes[0].Blocked {
				errs = append(errs, p.String())
			}
			if got := strings.Join(errs, "\n"); tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("%q", got)
			}
		})
	}
	if len(in.Set.Objects) != 0 || slices.ContainsFunc(in.Set.Problems, func(p workspace.Problem) bool { return p.Severity == workspace.Error }) {
		t.Errorf("the input itself was changed: %+v", in.Set)
	}
}

// What is missing blocks nothing, and is gone from the words once it is there or cannot be seen.
func TestMissingSecret(t *testing.T) {
	in := reading(t, map[string]string{"t.yaml": strings.Replace(tune("t", "example.azurecr.io/a:1"), "Standard_NC6s_v3", "Standard_NC24ads_A100_v4", 1)}, workspace.Env{})
	ref := refOf(workspace.Named{Kind: "Secret", Key: workspace.Key{Namespace: "default", Name: "push"}})
	d := desiredWith(t, in, policy, map[cluster.Ref]cluster.Look{ref: {Presence: cluster.Missing}})
	const want = "Secret default/push (tuning.output.imagePushSecret) is missing; create it: kubectl create secret docker-registry push --from-file=.dockerconfigjson=config.json -n default"
	if w := d.Wishes[0]; len(w.Blocked) > 0 || len(w.Bundle.Objects) == 0 || !slices.Equal(w.Missing, []string{want}) {
		t.Errorf("%+v", w)
	}
	if !slices.ContainsFunc(d.Problems, func(p workspace.Problem) bool {
		return p.Severity == workspace.Warning && p.Line > 1 && strings.Contains(p.Message, "Secret default/push is not in the cluster or the repository")
	}) {
		t.Errorf("%+v", d.Problems)
	}
	for _, l := range []cluster.Look{{Presence: cluster.Present}, {Presence: cluster.Unknown, Why: "not permitted"}} {
		found := map[cluster.Ref]cluster.Look{ref: l}
		d := desiredWith(t, in, policy, found)
		if len(d.Wishes[0].Missing) > 0 || slices.ContainsFunc(d.Problems, func(p workspace.Problem) bool { return strings.Contains(p.Message, "push") }) {
			t.Errorf("%+v: %+v", l, d.Problems)
		}
		if said := Unseen(found); len(said) != map[cluster.Presence]int{cluster.Unknown: 1}[l.Presence] {
			t.Errorf("%+v: %v", l, said)
		}
	}
}

func TestMissingNodeClass(t *testing.T) {
	policy := policy
	policy.Karpenter = &capacity.Karpenter{
		Class: capacity.NodeClass{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "gpu"},
	}
	in := reading(t, map[string]string{"a.yaml": serve("a", "Standard_NC24ads_A100_v4")}, workspace.Env{AnySize: true})
	ref := cluster.Ref{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "gpu"}
	for l, want := range map[string]cluster.Look{
		"AKSNodeClass.karpenter.azure.com gpu is missing": {Presence: cluster.Missing},
		"install Karpenter": {Presence: cluster.Missing, Why: "the cluster does not know the kind AKSNodeClass.karpenter.azure.com"},
		"":                  {Presence: cluster.Present},
	} {
		w := desiredWith(t, in, policy, map[cluster.Ref]cluster.Look{ref: want}).Wishes[0]
		if got := strings.Join(w.Notes, "; "); len(w.Blocked) > 0 || !strings.Contains(got, l) || l == "" && strings.Contains(got, "gpu") {
			t.Errorf("%q; %+v", got, w.Blocked)
		}
	}
}
