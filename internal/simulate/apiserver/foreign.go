// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// Foreign returns an object of another client.
func Foreign(apiVersion, kind, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"namespace": "default", "name": name},
	}}
}

// Copy returns an object of another client with the labels of an object of a Workspace.
func Copy(clusterName, workspaceName string) *unstructured.Unstructured {
	o := Foreign("v1", "ConfigMap", "copy-"+workspaceName)
	o.SetLabels(map[string]string{
		cluster.LabelManagedBy: cluster.ManagedBy, cluster.LabelCluster: clusterName, cluster.LabelWorkspace: workspaceName,
	})
	o.SetAnnotations(map[string]string{cluster.AnnotationSource: workspaceName + ".yaml"})
	return o
}
