// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
)

// FuzzPatch: a patch of any text is refused at its place, or it leaves the set of objects as it was: kinds, names and
// namespaces, and the labels and annotations by which syncer knows what it owns.
func FuzzPatch(f *testing.F) {
	f.Add(phiPatch)
	for _, text := range []string{
		"kind: StatefulSet\nspec: {replicas: 0}\n", "kind: StatefulSet\nmetadata: {namespace: kube-system}\n",
		"kind: Service\n$patch: delete\n", "kind: Service\nmetadata: {labels: {syncer.dev/cluster: other}}\n",
		"target: {kind: StatefulSet}\npatch: [{op: move, from: /metadata/labels, path: /metadata/annotations}]\n",
		"target: {kind: Service}\npatch: [{op: replace, path: '', value: {kind: ClusterRole}}]\n",
		"target: {kind: Service}\npatch: '[{op: copy, from: /spec, path: /metadata/labels/a}]'\n",
		"target: {kind: '.*'}\npatch: [{op: remove, path: /metadata/labels}]\n",
		"kind: &k StatefulSet\n*k : x\n", "kind: StatefulSet\nspec: {template: {spec: {$patch: replace}}}\n",
		"kind: Service\nmetadata: {ownerReferences: [], finalizers: [x], generateName: y}\n", "[]", "---\n---\n",
	} {
		f.Add(text)
	}
	before, err := render(f, serving("phi-4", named("phi")), Placement{}, options)
	if err != nil {
		f.Fatal(err)
	}
	identity := func(b Bundle) []string {
		var out []string
		for _, o := range b.Objects {
			out = append(out, o.GetAPIVersion()+" "+o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName()+" "+
				o.GetLabels()[cluster.LabelWorkspace]+" "+o.GetLabels()[cluster.LabelCluster]+" "+
				o.GetLabels()["app.kubernetes.io/managed-by"])
		}
		slices.Sort(out)
		return out
	}
	want := identity(before)
	f.Fuzz(func(t *testing.T, text string) {
		b, err := render(t, serving("phi-4", named("phi"), withPatch(text)), Placement{}, options)
		if err != nil {
			var d diag.Diagnostic
			if !errors.As(err, &d) || d.Path != "workspaces/phi.patch.yaml" || d.Line < 1 || d.Column < 1 || d.Message == "" {
				t.Fatalf("%q: %v has no place", text, err)
			}
			return
		}
		if diff := cmp.Diff(want, identity(b)); diff != "" {
			t.Fatalf("%q changes the objects: %s", text, diff)
		}
	})
}
