// SPDX-License-Identifier: Apache-2.0

// Package leftover says what finalizers keep of what is deleted. Pure.
package leftover

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// EndingIn reports whether a pod of a workload does not go.
func EndingIn(w *cluster.Workload) bool {
	return w != nil && slices.ContainsFunc(w.Pods, func(pod cluster.Pod) bool { return Ending(&pod) })
}

// Ending reports whether finalizers hold up the deletion of a pod.
func Ending(pod *cluster.Pod) bool { return pod.Deleting && len(pod.Finalizers) > 0 }

// Held describes an object whose deletion waits for finalizers.
func Held(ref cluster.Ref, source string, finalizers []string) status.Object {
	return status.Object{
		Namespace: ref.Namespace,
		Name:      ref.String(),
		Source:    source,
		Deleting:  true,
		Message:   "its deletion waits for finalizer " + strings.Join(finalizers, ", "),
	}
}

// In lists what finalizers hold of a Workspace that has gone from the source.
func In(state cluster.State, key workspace.Key) []string {
	var out []string
	// The objects are in the order of their namespaces; those without one come first.
	in := func(o *cluster.Object, namespace string) int { return strings.Compare(o.Namespace, namespace) }
	for _, namespace := range []string{"", key.Namespace} {
		first, _ := slices.BinarySearchFunc(state.Objects, namespace, in)
		for i := first; i < len(state.Objects) && state.Objects[i].Namespace == namespace; i++ {
			if o := state.Objects[i]; o.Workspace == key && len(o.Finalizers) > 0 {
				out = append(out, o.Ref.String()+" has finalizer "+strings.Join(o.Finalizers, ", "))
			}
		}
	}
	for _, pod := range state.Workloads[key].Pods {
		if len(pod.Finalizers) > 0 {
			out = append(out, "Pod/"+pod.Name+" has finalizer "+strings.Join(pod.Finalizers, ", "))
		}
	}
	return out
}
