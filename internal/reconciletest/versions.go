// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"maps"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Versions give each State and each Workspace in it the version that it has for one process that watches a cluster:
// another one after each change.
type Versions struct {
	last    cluster.State
	objects map[cluster.Ref]*unstructured.Unstructured
	parts   map[workspace.Key]part
	next    uint64
}

// part is what is live of one Workspace.
type part struct {
	objects  map[cluster.Ref]*unstructured.Unstructured
	listed   []*cluster.Object
	workload cluster.Workload
	nodes    []cluster.Node
}

// Set sets the versions of a State; objects are all that are live, whose content is not in it. The content of an
// object counts by address, so that equal content that was written again is another version, as it is in a cluster.
func (v *Versions) Set(s *cluster.State, objects map[cluster.Ref]*unstructured.Unstructured) {
	parts := partsOf(s, objects)
	s.Versions = map[workspace.Key]uint64{}
	for key, is := range parts {
		if was, known := v.parts[key]; known && reflect.DeepEqual(was, is) {
			s.Versions[key] = v.last.Versions[key]
			continue
		}
		v.next++
		s.Versions[key] = v.next
	}
	s.Version = v.last.Version
	if s.Version == 0 || !reflect.DeepEqual(v.last, *s) || !maps.Equal(v.objects, objects) {
		v.next++
		s.Version = v.next
	}
	v.last, v.objects, v.parts = *s, maps.Clone(objects), parts
}

func partsOf(s *cluster.State, objects map[cluster.Ref]*unstructured.Unstructured) map[workspace.Key]part {
	out := map[workspace.Key]part{}
	for _, o := range s.Objects {
		p := out[o.Workspace]
		if p.objects == nil {
			p.objects = map[cluster.Ref]*unstructured.Unstructured{}
		}
		p.objects[o.Ref] = objects[o.Ref]
		p.listed = append(p.listed, o)
		out[o.Workspace] = p
	}
	for key, w := range s.Workloads {
		p := out[key]
		p.workload = w
		for _, n := range s.Nodes {
			for _, pod := range w.Pods {
				if pod.Node == n.Name {
					p.nodes = append(p.nodes, n)
				}
			}
		}
		out[key] = p
	}
	return out
}
