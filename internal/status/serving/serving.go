// SPDX-License-Identifier: Apache-2.0

// Package serving says whether a server answers, and what is wrong with its pods.
package serving

import (
	"fmt"

	"syncer.dev/syncer/internal/cluster"
)

// Ready reports whether all replicas of the newest version are ready, and answer behind the Service.
func Ready(w *cluster.Workload) bool {
	return w.Current && w.Replicas > 0 && w.Ready >= w.Replicas && w.Endpoints > 0
}

// Replicas says how many replicas are ready.
func Replicas(w *cluster.Workload) string {
	return fmt.Sprintf("%d of %d replicas are ready", w.Ready, w.Replicas)
}

// Unserved says why a model is not served although all its replicas are ready, for the end of a message.
func Unserved(w *cluster.Workload) string {
	switch {
	case w.Ready < w.Replicas || w.Replicas == 0:
		return ""
	case !w.Current:
		return ", and the last change is not rolled out yet"
	case w.Endpoints == 0:
		return ", and the Service has no address of them yet"
	}
	return ", and the nodes are not"
}

// Failure says what is wrong with the pod that failed last, for the end of a message.
func Failure(w *cluster.Workload) string {
	var worst *cluster.Pod
	for i := range w.Pods {
		if p := &w.Pods[i]; p.Reason != "" && (worst == nil || p.FailedAt.After(worst.FailedAt)) {
			worst = p
		}
	}
	if worst == nil {
		return ""
	}
	return fmt.Sprintf("; pod %s: %s: %s", worst.Name, worst.Reason, worst.Message)
}
