// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/cache"

	"syncer.dev/syncer/internal/apply/decode"
	"syncer.dev/syncer/internal/apply/health"
	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// read is a part, or why it cannot be read.
func read[T any](value T, err error) mirror.Part {
	if err != nil {
		return mirror.Broken{Err: err}
	}
	return value
}

// strip is the transformation of kinds of which syncer reads the metadata only.
func strip(o any) (any, error) {
	if u, ok := o.(*unstructured.Unstructured); ok {
		return mirror.Applied(u, mirror.AppliedByUs(u), nil), nil
	}
	return o, nil // informers may transform an object twice
}

// stripping returns the transformation of a kind that syncer only reads.
func stripping(of func(*unstructured.Unstructured) mirror.Part) func(any) (any, error) {
	return func(o any) (any, error) {
		if u, ok := o.(*unstructured.Unstructured); ok {
			return mirror.Bare(u, of(u)), nil
		}
		return o, nil
	}
}

// stripWith returns the transformation of a kind that syncer applies, and of which it reads more than the metadata.
func stripWith(of func(*unstructured.Unstructured) mirror.Part) func(any) (any, error) {
	return func(o any) (any, error) {
		if u, ok := o.(*unstructured.Unstructured); ok {
			return mirror.Applied(u, mirror.AppliedByUs(u), of(u)), nil
		}
		return o, nil
	}
}

// stripPlain keeps the health of a plain object of the repository: a Workspace is judged by its workload.
var stripPlain = stripWith(func(u *unstructured.Unstructured) mirror.Part {
	if name, _ := cluster.TextIn(u, "labels", cluster.LabelWorkspace); name != "" {
		return nil
	}
	return mirror.Plain{Health: health.Of(u)}
})

// keeping is a transformation that also keeps which fields some field managers have set.
func keeping(managers []string, strip cache.TransformFunc) cache.TransformFunc {
	if len(managers) == 0 {
		return strip
	}
	return func(o any) (any, error) {
		u, ok := o.(*unstructured.Unstructured)
		if !ok {
			return strip(o)
		}
		others := slices.DeleteFunc(slices.Clone(u.GetManagedFields()), func(e metav1.ManagedFieldsEntry) bool {
			return e.Manager == cluster.FieldManager || !slices.Contains(managers, e.Manager)
		})
		stripped, err := strip(o)
		if s, ok := stripped.(*mirror.Object); ok && err == nil {
			return s.Owned(others), nil
		}
		return stripped, err
	}
}

var (
	stripWorkload = stripWith(func(u *unstructured.Unstructured) mirror.Part {
		w, err := decode.Workload(u)
		return read(&w, err)
	})
	stripEndpoints = stripping(func(u *unstructured.Unstructured) mirror.Part {
		return read(endpointsIn(u))
	})
	stripNode = stripping(func(u *unstructured.Unstructured) mirror.Part {
		node, err := decode.Typed[corev1.Node](u)
		if err != nil {
			return mirror.Broken{Err: err}
		}
		return decode.Node(node)
	})
	stripNodePool = stripWith(func(u *unstructured.Unstructured) mirror.Part { return decode.NodePool(u) })
	stripClaim    = stripping(func(u *unstructured.Unstructured) mirror.Part {
		return mirror.Claim{Pool: u.GetLabels()[cluster.LabelNodePool], Claim: decode.NodeClaim(u)}
	})
)

// stripOwnPod is the transformation of the pods of Workspaces, for a cluster of the configuration. Those of another
// syncer are not ours. Those without our labels are KAITO's, or were until their StatefulSet was taken over.
func stripOwnPod(clusterName string) cache.TransformFunc {
	return stripping(func(u *unstructured.Unstructured) mirror.Part {
		var pod corev1.Pod
		if err := decode.LivePod(u, &pod); err != nil {
			return mirror.Broken{Err: err}
		}
		by, _ := cluster.TextIn(u, "labels", cluster.LabelManagedBy)
		of, _ := cluster.TextIn(u, "labels", cluster.LabelCluster)
		name, _ := cluster.TextIn(u, "labels", cluster.LabelWorkspace)
		managed := by == cluster.ManagedBy
		if name == "" || managed && of != clusterName {
			return mirror.Pod{}
		}
		is := decode.Pod(&pod)
		return mirror.Pod{
			Workspace:  workspace.Key{Namespace: mirror.Once(pod.Namespace), Name: mirror.Within(pod.Name, name)},
			Pod:        &is,
			Unlabelled: !managed,
		}
	})
}

// endpointSlice is what is read of one. A whole one takes longer to convert.
type endpointSlice struct {
	Metadata struct {
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
	Endpoints []struct {
		Conditions struct {
			Serving *bool `json:"serving"`
		} `json:"conditions"`
	} `json:"endpoints"`
}

// endpointsIn counts the ready addresses of one slice.
func endpointsIn(u *unstructured.Unstructured) (mirror.Endpoints, error) {
	var f decode.Fields
	if out := plainEndpoints(&f, u); !f.Odd {
		return out, nil
	}
	slice, err := decode.Typed[endpointSlice](u)
	if err != nil {
		return mirror.Endpoints{}, err
	}
	out := endpointsOf(slice.Metadata.Namespace, mirror.Once(slice.Metadata.Labels[discoveryv1.LabelServiceName]))
	for _, e := range slice.Endpoints {
		// publishNotReadyAddresses makes every address "ready"; only serving tells whether the pod is.
		if e.Conditions.Serving == nil || *e.Conditions.Serving {
			out.Ready++
		}
	}
	return out, nil
}

func endpointsOf(namespace, service string) mirror.Endpoints {
	return mirror.Endpoints{Service: workspace.Key{Namespace: mirror.Once(namespace), Name: service}}
}

// plainEndpoints is endpointsIn without a conversion.
func plainEndpoints(f *decode.Fields, u *unstructured.Unstructured) mirror.Endpoints {
	meta := f.Object(u.Object, "metadata")
	labels := f.Object(meta, "labels")
	for name := range labels {
		f.Text(labels, name)
	}
	service := mirror.Within(f.Text(meta, "name"), f.Text(labels, discoveryv1.LabelServiceName))
	out := endpointsOf(f.Text(meta, "namespace"), service)
	f.Objects(u.Object, "endpoints", func(e map[string]any) {
		if serving, given := f.Flag(f.Object(e, "conditions"), "serving"); serving || !given {
			out.Ready++
		}
	})
	return out
}
