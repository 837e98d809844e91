// SPDX-License-Identifier: Apache-2.0

// Package plain makes the desired objects of what a repository holds beside Workspaces. Pure.
package plain

import (
	"maps"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Object is a desired plain object.
type Object struct {
	Content *unstructured.Unstructured
	// Unknown is why the values of an encrypted Secret are unknown.
	Unknown string

	// What it was made of. The address of the content identifies it as long as it is kept.
	of        map[string]any
	source    string
	encrypted *workspace.Encrypted
}

// Objects are desired plain objects in the order of their source.
type Objects []*Object

// Of returns the plain objects of a set with the labels of syncer: for the same content those of an earlier set, since
// equal objects at one address are quick to compare.
func Of(set *workspace.Set, clusterName string, earlier Objects) Objects {
	known := make(map[uintptr]*Object, len(earlier))
	for _, o := range earlier {
		known[reflect.ValueOf(o.of).Pointer()] = o
	}
	out := make(Objects, 0, len(set.Objects))
	for i := range set.Objects {
		o := &set.Objects[i]
		if o.Live {
			continue
		}
		was := known[reflect.ValueOf(o.Content).Pointer()]
		if was == nil || was.source != o.Source.Path || was.encrypted != o.Encrypted {
			was = labelled(o, clusterName)
		}
		out = append(out, was)
	}
	return out
}

// labelled returns an object with the labels of syncer.
func labelled(o *workspace.Object, clusterName string) *Object {
	u := (&unstructured.Unstructured{Object: o.Content}).DeepCopy()
	labels := maps.Clone(u.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	delete(labels, cluster.LabelWorkspace)
	labels[cluster.LabelManagedBy], labels[cluster.LabelCluster] = cluster.ManagedBy, clusterName
	u.SetLabels(labels)
	annotations := maps.Clone(u.GetAnnotations())
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[cluster.AnnotationSource] = o.Source.Path
	u.SetAnnotations(annotations)
	out := Object{Content: u, of: o.Content, source: o.Source.Path, encrypted: o.Encrypted}
	if o.Encrypted != nil {
		out.Unknown = o.Encrypted.Unknown
	}
	return &out
}
