// SPDX-License-Identifier: Apache-2.0

// Package source says on rendered objects which file they come from, and which objects a file may make.
package source

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Allowed refuses objects that no preset needs. A preset's files may be a user's: they must not create objects
// that a Workspace could not, such as roles, or objects of the cluster or of another namespace.
func Allowed(u *unstructured.Unstructured, namespace string) error {
	gvk := u.GroupVersionKind()
	if !cluster.Rendered(gvk.Group, gvk.Kind) {
		return fmt.Errorf("a preset must not contain a %s (%s)", gvk.Kind, u.GetName())
	}
	if u.GetNamespace() != namespace {
		return fmt.Errorf("%s %s is in namespace %q, and the Workspace is not", gvk.Kind, u.GetName(), u.GetNamespace())
	}
	for _, field := range []string{"ownerReferences", "finalizers"} { // they decide when an object is deleted
		if _, given, _ := unstructured.NestedFieldNoCopy(u.Object, "metadata", field); given {
			return fmt.Errorf("a preset must not set metadata.%s (%s %s)", field, gvk.Kind, u.GetName())
		}
	}
	return nil
}

// Annotate records on an object which file it comes from. It leaves pod templates alone: moving a file must not
// restart pods. It also leaves alone the objects that several Workspaces share, since they come from all of them.
func Annotate(u *unstructured.Unstructured, w *workspace.Workspace, file string) {
	meta, _ := u.Object["metadata"].(map[string]any)
	labels := textsOf(meta, "labels")
	if name, _ := labels[cluster.LabelWorkspace].(string); name != w.Name {
		return
	}
	users := textsOf(meta, "annotations")
	a := make(map[string]any, len(users)+4)
	for key, v := range users {
		a[key], _ = v.(string)
	}
	a[cluster.AnnotationSource] = file
	a[cluster.AnnotationInputs] = w.Digest
	if w.PruneDisabled() {
		a[cluster.AnnotationPrune] = "disabled"
	}
	if fields := w.Annotations[workspace.AnnotationIgnore]; fields != "" {
		a[workspace.AnnotationIgnore] = fields
	}
	meta["annotations"] = a
}

// textsOf returns labels or annotations as unstructured.GetLabels does, without copying them: none if one of them is no
// text. A null is an empty text.
func textsOf(meta map[string]any, field string) map[string]any {
	all, _ := meta[field].(map[string]any)
	for _, v := range all {
		if _, isText := v.(string); !isText && v != nil {
			return nil
		}
	}
	return all
}
