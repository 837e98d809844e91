package render

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// bundle turns what was built into the Bundle of the Workspace: stamped, sorted and with its digest.
func bundle(objects []*unstructured.Unstructured, w *workspace.Workspace, o Options) (Bundle, error) {
	b := Bundle{Workspace: w.Key, Objects: objects}
	for _, u := range objects {
		if err := allowed(u, w.Namespace); err != nil {
			return Bundle{}, err
		}
		stamp(u, w, o)
	}
	slices.SortFunc(b.Objects, byApplyOrder)
	digest, err := Digest(b.Objects)
	if err != nil {
		return Bundle{}, err
	}
	b.Digest = digest
	return b, nil
}

// allowed refuses what no preset needs. The files of a preset may be a user's, who may not create by them what could not be
// created by a Workspace: roles, objects of the whole cluster or of another namespace.
func allowed(u *unstructured.Unstructured, namespace string) error {
	gvk := u.GroupVersionKind()
	switch gvk.Group + "/" + gvk.Kind {
	case "/ConfigMap", "/Service", "/PersistentVolumeClaim", "apps/StatefulSet", "batch/Job",
		"policy/PodDisruptionBudget", "networking.k8s.io/NetworkPolicy", "autoscaling/HorizontalPodAutoscaler":
	default:
		return fmt.Errorf("a preset may not bring a %s (%s)", gvk.Kind, u.GetName())
	}
	if u.GetNamespace() != namespace {
		return fmt.Errorf("%s %s is for namespace %q", gvk.Kind, u.GetName(), u.GetNamespace())
	}
	return nil
}

// stamp says on the object itself where it comes from. Pods are left alone: a file that moves must not restart them. Objects
// that several Workspaces share are left alone too, since they come from all of them.
func stamp(u *unstructured.Unstructured, w *workspace.Workspace, o Options) {
	if u.GetLabels()[cluster.LabelWorkspace] != w.Name {
		return
	}
	a := u.GetAnnotations()
	if a == nil {
		a = map[string]string{}
	}
	a[cluster.AnnotationSource] = o.Source
	a[cluster.AnnotationInputs] = w.Digest
	if w.PruneDisabled() {
		a[cluster.AnnotationPrune] = "disabled"
	}
	u.SetAnnotations(a)
}

// byApplyOrder puts what is referred to before what refers to it: configuration, then Services, then what runs.
func byApplyOrder(a, b *unstructured.Unstructured) int {
	rank := func(u *unstructured.Unstructured) int {
		switch u.GetKind() {
		case "StatefulSet", "Job":
			return 2
		case "Service":
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), strings.Compare(a.GetKind(), b.GetKind()), strings.Compare(a.GetName(), b.GetName()))
}

// Digest returns the SHA-256, in hex, of objects in canonical form: JSON with sorted keys, one object on a line, in the
// given order.
func Digest(objects []*unstructured.Unstructured) (string, error) {
	h := sha256.New()
	for _, u := range objects {
		text, err := u.MarshalJSON()
		if err != nil {
			return "", fmt.Errorf("encode %s %s: %w", u.GetKind(), u.GetName(), err)
		}
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
