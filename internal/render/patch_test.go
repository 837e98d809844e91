// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/workspace"
)

func withPatch(text string) func(*workspace.Workspace) {
	return func(w *workspace.Workspace) {
		w.Patch = &workspace.Patch{Path: "workspaces/phi.patch.yaml", Text: text}
	}
}

// phiPatch changes two objects, by both sorts of patches.
const phiPatch = `# The team's side car, and a fixed address.
apiVersion: apps/v1
kind: StatefulSet
spec:
  template:
    spec:
      priorityClassName: serving
      containers:
      - {name: phi, env: [{name: VLLM_LOGGING_LEVEL, value: DEBUG}], resources: {requests: {memory: 64Gi}}}
      - {name: log-shipper, image: "example.azurecr.io/ship:1"}
---
target: {kind: Service, name: phi}
patch:
- {op: add, path: /metadata/annotations, value: {service.beta.kubernetes.io/azure-load-balancer-internal: "true"}}
- {op: replace, path: /spec/ports/0/port, value: 8080}
`

func TestPatch(t *testing.T) {
	phi := func(edit ...func(*workspace.Workspace)) *workspace.Workspace {
		return serving("phi-4", append(edit, named("phi"))...)
	}
	plain := mustRender(t, phi(), Placement{}, options)
	b := mustRender(t, phi(withPatch(phiPatch)), Placement{}, options)
	validate(t, b)
	if b.Digest == plain.Digest || len(b.Objects) != len(plain.Objects) {
		t.Fatal("the patch is not in the bundle, or brought objects")
	}
	main := container(t, b, "phi")
	if env := main["env"].(memo.List); env[0].(memo.Object)["name"] != "VLLM_LOGGING_LEVEL" || len(env) != 5 {
		t.Errorf("env %v", env)
	}
	container(t, b, "log-shipper")
	for _, o := range b.Objects {
		if o.GetKind() == "Service" && o.GetName() == "phi" {
			ports, _, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
			if ports[0].(memo.Object)["port"] != int64(8080) || o.GetAnnotations()["syncer.dev/source"] == "" {
				t.Errorf("the Service is %v", o)
			}
		}
	}
}

// TestPatchRefused: the error for a patch that is not allowed, or does not apply, has its position in the file.
func TestPatchRefused(t *testing.T) {
	ops := func(kind, ops string) string { return "target: {kind: " + kind + "}\npatch: [" + ops + "]\n" }
	for text, want := range map[string]string{
		ops("StatefulSet", "{op: replace, path: /metadata/namespace, value: "+
			"kube-system}"): "changes StatefulSet phi: metadata.namespace",
		ops("StatefulSet", "{op: replace, path: /metadata/name, value: "+
			"other}"): "changes StatefulSet phi: metadata.name",
		ops("StatefulSet", "{op: replace, path: /kind, value: "+
			"DaemonSet}"): "the set of objects",
		ops("StatefulSet", "{op: replace, path: /spec/selector/matchLabels, value: "+
			"{a: b}}"): "spec.selector",
		ops("StatefulSet", "{op: replace, path: /spec/template/metadata/labels/kaito.sh~1workspace, "+
			"value: x}"): "labels.kaito.sh/workspace",
		ops("StatefulSet", "{op: remove, path: "+
			"/metadata/labels/app.kubernetes.io~1managed-by}"): "managed-by",
		ops("StatefulSet", "{op: add, path: /metadata/labels/syncer.dev~1cluster, value: "+
			"other}"): "syncer.dev/cluster",
		ops("StatefulSet", "{op: replace, path: /spec/replicas, "+
			"value: 7}"): "spec.replicas",
		ops("Service", "{op: add, path: /spec/selector/a, "+
			"value: b}"): "spec.selector",
		ops("StatefulSet", "{op: add, path: /metadata/annotations, value: "+
			"{syncer.dev/inputs: x}}"): "syncer.dev/inputs",
		ops("StatefulSet", "{op: add, path: /metadata/ownerReferences, value: "+
			"[{uid: x}]}"): "ownerReferences",
		ops("StatefulSet", "{op: replace, path: /spec/nowhere/at/all, "+
			"value: 7}"): "does not apply",
		ops("StatefulSet", "{op: frobnicate, path: "+
			"/spec}"): "does not apply",
		ops("Deployment", "{op: remove, path: "+
			"/spec}"): "no object matches Deployment",
		"kind: StatefulSet\nmetadata: {name: " +
			"other}\nspec: {}\n": "no object matches StatefulSet " +
			"other (the objects are ",
		"kind: StatefulSet\n$patch: " +
			"delete\n": "the set of objects",
		"kind: StatefulSet\nspec: {template: {spec: {containers: [{name: phi, imagePullPolcy: " +
			"Always}]}}}\n": `unknown field "spec.template.spec.containers[0].imagePullPolcy"`,
		"kind: StatefulSet\nspec: {template: {spec: {hostNetwork: " +
			"7}}}\n": "would be invalid",
		"kind: StatefulSet\nspec: {template: {spec: {containers: {a: b}}}}\n": "",
		"apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: " +
			"all}\n": "no object matches ClusterRole all",
		"resources: " +
			"[https://example.com/x]\n": "kind: not given",
		"- {op: remove, path: " +
			"/spec}\n": "not a patch",
		"target: {kind: StatefulSet, labelSelector: " +
			"a=b}\npatch: []\n": "target.labelSelector: is not allowed",
		"target: {kind: StatefulSet}\npath: " +
			"../../etc/passwd\n": "a document with a target has a patch",
		"target: {kind: " +
			"StatefulSet}\npatch: 7\n": "neither a " +
			"list of operations nor an object",
		"target: {kind: StatefulSet}\npatch: " +
			"'[1'\n": "is not one YAML document",
		"kind: StatefulSet\nspec: {template: {spec: {a: &a " +
			"[*a]}}}\n": "refers to a node that contains it",
		"kind: StatefulSet\nspec: [\n":       "",
		"kind: StatefulSet\nkind: Service\n": "",
		"kind: StatefulSet\nspec: " +
			"{template: " + strings.Repeat("{a: ", 150) + "1" + strings.Repeat("}", 150) + "}\n": "nested",
	} {
		_, err := render(t, serving("phi-4", named("phi"), withPatch("# first line\n"+text)), Placement{}, options)
		var patch diag.Diagnostic
		if !errors.As(err, &patch) {
			t.Errorf("%s: error %v, want a Diagnostic", text, err)
			continue
		}
		if patch.Path != "workspaces/phi.patch.yaml" || patch.Line < 2 || patch.Column < 1 ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v at %s:%d:%d, want %q", text, err, patch.Path, patch.Line, patch.Column, want)
		}
	}
}

// TestPatchLeavesSharedObjects: Workspaces of a namespace share the default parameters of a tuning, so none of them
// may change these.
func TestPatchLeavesSharedObjects(t *testing.T) {
	patch := "target: {kind: ConfigMap}\npatch: [{op: add, path: /data/x, value: y}]\n"
	if _, err := render(t, training("phi-4", withPatch(patch)), Placement{}, options); err == nil ||
		!strings.Contains(err.Error(), "no object matches ConfigMap") {
		t.Errorf("error %v", err)
	}
	job := mustRender(t, training("phi-4", withPatch("kind: Job\nspec: {backoffLimit: 9}\n")), Placement{}, options)
	if n, _, _ := unstructured.NestedInt64(job.Objects[len(job.Objects)-1].Object, "spec", "backoffLimit"); n != 9 ||
		len(job.Objects) != 2 {
		t.Errorf("back-off limit %d", n)
	}
}
