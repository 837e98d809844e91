// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/csaupgrade"

	"syncer.dev/syncer/internal/adoption"
	"syncer.dev/syncer/internal/apply/decode"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Client takes objects over in one cluster.
type Client struct {
	dynamic dynamic.Interface
	mapper  meta.RESTMapper
}

// New returns a client. It sends no request.
func New(d dynamic.Interface, m meta.RESTMapper) *Client { return &Client{dynamic: d, mapper: m} }

// kinds are those that KAITO makes of a Workspace, and that syncer makes too. What else KAITO owns, such as
// ControllerRevisions, may go with it.
var kinds = []schema.GroupVersionResource{
	{Group: "apps", Version: "v1", Resource: "statefulsets"},
	{Group: "batch", Version: "v1", Resource: "jobs"},
	{Version: "v1", Resource: "services"},
	{Version: "v1", Resource: "configmaps"},
	{Version: "v1", Resource: "persistentvolumeclaims"},
}

// Objects lists the objects of the namespaces that belong to KAITO's, or have belonged to them.
func (c *Client) Objects(ctx context.Context, namespaces []string) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for _, ns := range namespaces {
		for _, kind := range kinds {
			all, err := c.dynamic.Resource(kind).Namespace(ns).List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, fmt.Errorf("list %s in namespace %s: %w", kind.Resource, ns, err)
			}
			for i := range all.Items {
				if u := &all.Items[i]; adoption.Owned(u) || adoption.Detached(u) {
					out = append(out, u)
				}
			}
		}
	}
	return out, nil
}

// Claims lists the NodeClaims that KAITO made. A cluster without that kind has none.
func (c *Client) Claims(ctx context.Context) ([]*unstructured.Unstructured, error) {
	kind := schema.GroupVersionResource{Group: "karpenter.sh", Version: "v1", Resource: "nodeclaims"}
	all, err := c.dynamic.Resource(kind).List(ctx, metav1.ListOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list NodeClaims: %w", err)
	}
	var out []*unstructured.Unstructured
	for i := range all.Items {
		l := all.Items[i].GetLabels()
		if l[wellknown.LabelWorkspace] != "" || l[wellknown.LabelKarpenterWorkspace] != "" {
			out = append(out, &all.Items[i])
		}
	}
	return out, nil
}

// Controllers lists the Deployments of KAITO's controller that want pods, as "namespace/name".
func (c *Client) Controllers(ctx context.Context) ([]string, error) {
	kind := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	all, err := c.dynamic.Resource(kind).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list Deployments, to see whether KAITO runs: %w", err)
	}
	var out []string
	for _, d := range all.Items {
		replicas, found, _ := unstructured.NestedInt64(d.Object, "spec", "replicas")
		containers, _, _ := unstructured.NestedSlice(d.Object, "spec", "template", "spec", "containers")
		for _, container := range containers {
			m, _ := container.(map[string]any)
			if image, _ := m["image"].(string); adoption.IsController(image) && (replicas > 0 || !found) {
				out = append(out, d.GetNamespace()+"/"+d.GetName())
				break
			}
		}
	}
	return out, nil
}

// Lost returns the first owner that is gone, with another or no object in its place, or "": the server would collect an
// object that names it as its owner.
func (c *Client) Lost(ctx context.Context, s adoption.Step) (string, error) {
	for _, r := range s.Owners {
		gv, err := schema.ParseGroupVersion(r.APIVersion)
		if err != nil {
			return "", fmt.Errorf("owner %s %s: %w", r.Kind, r.Name, err)
		}
		mapping, err := c.mapper.RESTMapping(schema.GroupKind{Group: gv.Group, Kind: r.Kind}, gv.Version)
		if meta.IsNoMatchError(err) {
			return r.Kind + "/" + r.Name, nil
		}
		if err != nil {
			return "", fmt.Errorf("look for owner %s %s: %w", r.Kind, r.Name, err)
		}
		u, err := c.dynamic.Resource(mapping.Resource).Namespace(s.Ref.Namespace).Get(ctx, r.Name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err), err == nil && u.GetUID() != r.UID, err == nil && u.GetDeletionTimestamp() != nil:
			return r.Kind + "/" + r.Name, nil
		case err != nil:
			return "", fmt.Errorf("look for owner %s %s: %w", r.Kind, r.Name, err)
		}
	}
	return "", nil
}

// Workloads returns what syncer sees of the StatefulSets of steps once they are taken over.
func Workloads(steps []adoption.Step) (map[workspace.Key]cluster.Workload, error) {
	out := map[workspace.Key]cluster.Workload{}
	for _, s := range steps {
		if s.Ref.Kind != "StatefulSet" || s.Action != adoption.Detach || s.Live == nil {
			continue
		}
		u, err := s.Change()
		if err != nil {
			return nil, err
		}
		w, err := decode.Workload(u)
		if err != nil {
			return nil, err
		}
		out[workspace.Key{Namespace: s.Ref.Namespace, Name: s.Ref.Name}] = w
	}
	return out, nil
}

// fieldManager has set what a step changes.
const fieldManager = "syncer-adopt"

// CarryOut makes the change of a step, if the object is as it was seen. A detached object also changes its field
// manager: what KAITO's controller has set belongs to syncer, which removes what it does not set itself when it first
// applies the object. Without that, leftovers of KAITO would stay in the pod.
func (c *Client) CarryOut(ctx context.Context, s adoption.Step) error {
	want, err := s.Change()
	if err != nil {
		return err
	}
	if manager := s.Manager(); s.Action == adoption.Detach && manager != "" {
		if err := csaupgrade.UpgradeManagedFields(want, sets.New(manager), cluster.FieldManager); err != nil {
			return fmt.Errorf("take over the fields of %s: %w", s.Ref, err)
		}
	}
	metadata := map[string]any{
		"resourceVersion": s.Live.GetResourceVersion(),
		"ownerReferences": want.GetOwnerReferences(),
		"annotations":     withNull(want.GetAnnotations(), s.Live.GetAnnotations()),
		"labels":          withNull(want.GetLabels(), s.Live.GetLabels()),
		"managedFields":   want.GetManagedFields(),
	}
	body, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		return fmt.Errorf("change %s: %w", s.Ref, err)
	}
	gvk := s.Live.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return fmt.Errorf("change %s: %w", s.Ref, err)
	}
	_, err = c.dynamic.Resource(mapping.Resource).Namespace(s.Ref.Namespace).
		Patch(ctx, s.Ref.Name, types.MergePatchType, body, metav1.PatchOptions{FieldManager: fieldManager})
	if err != nil {
		return fmt.Errorf("change %s: %w", s.Ref, err)
	}
	return nil
}

// withNull returns labels or annotations for a merge that makes the wanted ones of the live ones.
func withNull(want, live map[string]string) map[string]any {
	out := map[string]any{}
	for name := range live {
		out[name] = nil
	}
	for name, value := range want {
		out[name] = value
	}
	return out
}
