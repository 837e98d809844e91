// SPDX-License-Identifier: Apache-2.0

package apistub

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"sync"
)

// object is a Kubernetes object as JSON decodes it.
type object = map[string]any

// kind is one that the server has.
type kind struct {
	group, version, kind, resource string
	namespaced                     bool
}

// kinds are those that syncer watches or applies in mode byo.
var kinds = []kind{
	{"", "v1", "ConfigMap", "configmaps", true},
	{"", "v1", "Node", "nodes", false},
	{"", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true},
	{"", "v1", "Pod", "pods", true},
	{"", "v1", "Service", "services", true},
	{"apps", "v1", "StatefulSet", "statefulsets", true},
	{"batch", "v1", "Job", "jobs", true},
	{"discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", true},
	{"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", true},
}

func kindOf(resource string) (kind, bool) {
	i := slices.IndexFunc(kinds, func(k kind) bool { return k.resource == resource })
	if i < 0 {
		return kind{}, false
	}
	return kinds[i], true
}

// Server is an API server in memory. It is safe for concurrent use.
type Server struct {
	mu       sync.Mutex
	version  int
	objects  map[string]map[string][]byte // by resource, and by "namespace/name"; as JSON
	keys     map[string][]string          // by resource, in order; absent once an object comes or goes
	events   map[string][]event           // by resource; the oldest first
	changed  chan struct{}                // closed with the next event
	requests map[string]int               // by method; WATCH, and dry runs apart
	nodes    int
	written  int // applies that have changed something
}

// event is one change that watches send: what happened to an object, which it shares with the store.
type event struct {
	version   int
	namespace string
	what      string
	object    []byte
}

// New returns a Server without objects.
func New() *Server {
	s := &Server{
		objects:  map[string]map[string][]byte{},
		keys:     map[string][]string{},
		events:   map[string][]event{},
		changed:  make(chan struct{}),
		requests: map[string]int{},
	}
	for _, k := range kinds {
		s.objects[k.resource] = map[string][]byte{}
	}
	return s
}

// Requests returns how many requests there were so far, by method: WATCH for a watch, and "PATCH dry run".
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}

// Nodes adds ready nodes, each with as many GPUs as anybody asks for, and with its number as the label "pool".
func (s *Server) Nodes(n int, product string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range n {
		s.put("nodes", "ADDED", object{
			"apiVersion": "v1", "kind": "Node",
			"metadata": object{"name": nodeName(i), "labels": object{
				"pool": fmt.Sprint(i), "nvidia.com/gpu.product": product, "nvidia.com/gpu.count": "8",
				"nvidia.com/gpu.memory":            "81920",
				"node.kubernetes.io/instance-type": "bare-metal",
			}},
			"status": object{
				"allocatable": object{"nvidia.com/gpu": "8", "ephemeral-storage": "4Ti", "memory": "2Ti", "cpu": "200"},
				"conditions":  []any{object{"type": "Ready", "status": "True"}},
			},
		})
	}
	s.nodes += n
}

func nodeName(i int) string { return fmt.Sprintf("gpu-node-%04d", i) }

// Drift changes the specification of an object as another client does, by one field of its first container.
func (s *Server) Drift(namespace, statefulSet, image string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.get("statefulsets", namespace+"/"+statefulSet)
	if o == nil {
		return
	}
	container, _ := path(o, "spec", "template", "spec")["containers"].([]any)
	first, _ := container[0].(object)
	first["image"] = image
	meta := path(o, "metadata")
	generation, _ := meta["generation"].(float64)
	meta["generation"] = generation + 1
	s.put("statefulsets", "MODIFIED", o)
}

// Written returns how many applies have changed anything.
func (s *Server) Written() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.written
}

// AwaitWritten waits until more applies than n have changed something, or until ctx ends.
func (s *Server) AwaitWritten(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		written, changed := s.written, s.changed
		s.mu.Unlock()
		if written > n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Image returns the image of a StatefulSet's first container.
func (s *Server) Image(namespace, statefulSet string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.get("statefulsets", namespace+"/"+statefulSet)
	container, _ := path(o, "spec", "template", "spec")["containers"].([]any)
	if len(container) == 0 {
		return ""
	}
	first, _ := container[0].(object)
	image, _ := first["image"].(string)
	return image
}

// Count returns the number of objects of a resource.
func (s *Server) Count(resource string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.objects[resource])
}

// get returns a copy of an object, or nil. The caller holds the lock, as for all below.
func (s *Server) get(resource, key string) object {
	data, exists := s.objects[resource][key]
	if !exists {
		return nil
	}
	var o object
	if err := json.Unmarshal(data, &o); err != nil {
		panic(err) // put has encoded it
	}
	return o
}

// sorted returns the keys of a resource in order. It sorts once for all pages of a list: at 50,000 objects, sorting for
// each page takes longer than the client that is measured.
func (s *Server) sorted(resource string) []string {
	keys, known := s.keys[resource]
	if !known {
		keys = slices.Sorted(maps.Keys(s.objects[resource]))
		s.keys[resource] = keys
	}
	return keys
}

// put stores an object under the next version, and tells the watches.
func (s *Server) put(resource, what string, o object) {
	s.version++
	meta := path(o, "metadata")
	meta["resourceVersion"] = strconv.Itoa(s.version)
	if meta["uid"] == nil {
		meta["uid"] = fmt.Sprintf("00000000-0000-4000-8000-%012d", s.version)
		meta["creationTimestamp"] = "2026-01-01T00:00:00Z"
	}
	data := encode(o)
	namespace, _ := meta["namespace"].(string)
	key := namespace + "/" + fmt.Sprint(meta["name"])
	if what != "MODIFIED" {
		delete(s.keys, resource)
	}
	if what == "DELETED" {
		delete(s.objects[resource], key)
	} else {
		s.objects[resource][key] = data
	}
	s.events[resource] = append(s.events[resource], event{s.version, namespace, what, data})
	close(s.changed)
	s.changed = make(chan struct{})
}

// apply returns an object after a server-side apply, and whether anything differs from before.
func apply(before, sent object, manager string) (after object, changed bool) {
	after = clone(sent)
	if before != nil {
		after = clone(before)
		merge(after, sent)
	}
	meta := path(after, "metadata")
	meta["managedFields"] = []any{object{
		"manager": manager, "operation": "Apply", "apiVersion": after["apiVersion"], "fieldsType": "FieldsV1",
		"fieldsV1": fieldsOf(sent),
	}}
	if before == nil {
		if after["spec"] != nil {
			meta["generation"] = 1.0
		}
		return after, true
	}
	if !reflect.DeepEqual(before["spec"], after["spec"]) {
		generation, _ := meta["generation"].(float64)
		meta["generation"] = generation + 1
	}
	return after, !reflect.DeepEqual(before, after)
}

// fieldsOf returns the set of fields that an object names, in the form of managedFields. A list is one field.
func fieldsOf(sent object) object {
	out := below(sent)
	delete(out, "f:apiVersion")
	delete(out, "f:kind")
	meta := path(out, "f:metadata")
	delete(meta, "f:name")
	delete(meta, "f:namespace")
	return out
}

func below(o object) object {
	out := object{}
	for name, value := range o {
		fields, _ := value.(object)
		out["f:"+name] = below(fields)
	}
	return out
}

// merge puts the fields of one object into another. A list is replaced as a whole.
func merge(into, from object) {
	for k, v := range from {
		a, ok1 := into[k].(object)
		b, ok2 := v.(object)
		if ok1 && ok2 {
			merge(a, b)
			continue
		}
		into[k] = v
	}
}

// runSet makes the pod and the EndpointSlice of a StatefulSet, and says that it is ready.
func (s *Server) runSet(o object) {
	meta, spec := path(o, "metadata"), path(o, "spec")
	name, namespace := fmt.Sprint(meta["name"]), fmt.Sprint(meta["namespace"])
	replicas, given := spec["replicas"].(float64)
	if !given {
		replicas = 1
	}
	o["status"] = object{
		"observedGeneration": meta["generation"], "replicas": replicas, "readyReplicas": replicas,
		"currentReplicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas,
		"currentRevision": "a", "updateRevision": "a",
	}
	s.put("statefulsets", "MODIFIED", o)
	if s.get("pods", namespace+"/"+name+"-0") != nil || replicas == 0 {
		return
	}
	labels := path(o, "spec", "template", "metadata", "labels")
	s.put("pods", "ADDED", object{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": object{"name": name + "-0", "namespace": namespace, "labels": labels},
		"spec":     merged(path(o, "spec", "template", "spec"), object{"nodeName": nodeName(s.version % max(s.nodes, 1))}),
		"status": object{"phase": "Running", "conditions": []any{
			object{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"},
		}},
	})
	service := merged(labels, object{"kubernetes.io/service-name": name})
	s.put("endpointslices", "ADDED", object{
		"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
		"metadata":    object{"name": name + "-a", "namespace": namespace, "labels": service},
		"addressType": "IPv4",
		"endpoints":   []any{object{"addresses": []any{"10.0.0.1"}, "conditions": object{"serving": true, "ready": true}}},
	})
}

func merged(a, b object) object {
	out := clone(a)
	merge(out, b)
	return out
}

// path returns the object below some fields, or an empty one.
func path(o object, fields ...string) object {
	for _, f := range fields {
		next, ok := o[f].(object)
		if !ok {
			return object{}
		}
		o = next
	}
	return o
}

func clone(o object) object {
	var out object
	if err := json.Unmarshal(encode(o), &out); err != nil {
		panic(err) // encode has encoded it
	}
	return out
}

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain values
	}
	return data
}
