// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// mayDelete decides whether syncer may delete a live object that is ours, by what stands on it right before the
// request. A volume claim holds data that no commit brings back, and needs a word of its own.
func mayDelete(live *unstructured.Unstructured) bool {
	a := live.GetAnnotations()
	switch {
	case a[workspace.AnnotationMode] == workspace.ModeObserve:
		return false
	case cluster.IsClaim(cluster.RefOf(live)):
		return a[cluster.AnnotationPrune] == workspace.PruneEnabled
	}
	return a[cluster.AnnotationPrune] != "disabled"
}
