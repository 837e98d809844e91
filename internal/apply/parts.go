// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// The parts of the kinds of which syncer reads more than the metadata; cluster.Workload, cluster.Node and
// cluster.NodePool are parts too.
type (
	podPart struct {
		workspace workspace.Key // zero for a pod of a plain object
		pod       *cluster.Pod
	}
	endpointsPart struct {
		service workspace.Key // a Workspace has the name of its Service
		ready   int
	}
	claimPart struct {
		pool  string // name of the NodePool
		claim cluster.NodeClaim
	}
)

// equalParts compares two parts.
func equalParts(a, b part) bool {
	if x, ok := a.(broken); ok {
		y, ok := b.(broken)
		return ok && x.err.Error() == y.err.Error()
	}
	return reflect.DeepEqual(a, b)
}

var (
	stripWorkload = stripWith(func(u *unstructured.Unstructured) part {
		w, err := workloadOf(u)
		return read(&w, err)
	})
	stripOwnPod = stripping(func(u *unstructured.Unstructured) part {
		pod, err := typed[corev1.Pod](u)
		if err != nil {
			return broken{err}
		}
		p := podPart{}
		if name := pod.Labels[cluster.LabelWorkspace]; name != "" {
			p.workspace = workspace.Key{Namespace: once(pod.Namespace), Name: once(name)}
			is := podOf(pod)
			p.pod = &is
		}
		return p
	})
	stripEndpoints = stripping(func(u *unstructured.Unstructured) part {
		slice, err := typed[discoveryv1.EndpointSlice](u)
		return read(endpointsOf(slice, err))
	})
	stripNode = stripping(func(u *unstructured.Unstructured) part {
		node, err := typed[corev1.Node](u)
		if err != nil {
			return broken{err}
		}
		return nodeOf(node)
	})
	stripNodePool = stripWith(func(u *unstructured.Unstructured) part { return nodePoolOf(u) })
	stripClaim    = stripping(func(u *unstructured.Unstructured) part {
		return claimPart{u.GetLabels()[cluster.LabelNodePool], claimOf(u)}
	})
)

// endpointsOf counts the ready addresses of one slice.
func endpointsOf(slice *discoveryv1.EndpointSlice, err error) (endpointsPart, error) {
	if err != nil {
		return endpointsPart{}, err
	}
	name := slice.Labels[discoveryv1.LabelServiceName]
	out := endpointsPart{service: workspace.Key{Namespace: once(slice.Namespace), Name: once(name)}}
	for _, e := range slice.Endpoints {
		// publishNotReadyAddresses makes every address "ready"; only serving tells whether the pod is.
		if e.Conditions.Serving == nil || *e.Conditions.Serving {
			out.ready++
		}
	}
	return out, nil
}
