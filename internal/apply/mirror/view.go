// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// View keeps the State of the cluster up to date. Events of the informers mark what has changed, and State makes only
// that again: what an Observe costs depends on what has changed since the last one.
//
// The values of a State are shared with the next one, and never change.
type View struct {
	mu     sync.Mutex
	lives  map[workspace.Key]*gathered
	nodes  map[string]*Object
	pools  map[string]*Object                // NodePools by name
	claims map[string]*Object                // NodeClaims by name
	broken map[cluster.Ref]error             // objects that cannot be read
	onNode map[string]map[hostedPod]struct{} // our pods, by node

	// What has changed since the last state.
	objects     map[objectKey]*Object // nil: deleted
	dirty       map[workspace.Key]struct{}
	dirtyNodes  map[string]struct{}
	dirtyPools  bool
	touched     bool
	foreign     bool // Extras.Foreign of the last state
	last        cluster.State
	lastVersion uint64 // the last number that was given to a State or to a Workspace
}

// hostedPod is one of our pods, by its Workspace.
type hostedPod struct {
	workspace workspace.Key
	name      string
}

// gathered is what the informers have of one Workspace beside the objects that are only listed. A Workspace has few of
// each.
type gathered struct {
	objects   int // that syncer applies
	set, job  *Object
	pods      []*Object // by name
	endpoints []*Object // by name
}

func (l *gathered) empty() bool {
	return l.objects == 0 && len(l.pods) == 0 && len(l.endpoints) == 0
}

func NewView() *View {
	return &View{
		lives:      map[workspace.Key]*gathered{},
		nodes:      map[string]*Object{},
		pools:      map[string]*Object{},
		claims:     map[string]*Object{},
		broken:     map[cluster.Ref]error{},
		onNode:     map[string]map[hostedPod]struct{}{},
		objects:    map[objectKey]*Object{},
		dirty:      map[workspace.Key]struct{}{},
		dirtyNodes: map[string]struct{}{},
	}
}

// Event takes an object over that was before, and is now after; nil for none. It reports whether anything has changed
// that syncer reads or compares.
func (v *View) Event(before, after *Object) bool {
	if before != nil && after != nil && before.Same(after) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.replace(after)
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if before != nil {
		v.remove(before)
	}
	if after != nil {
		v.add(after)
	}
	return true
}

// replace takes over an object that only has another resource version, so that the one before takes no memory.
func (v *View) replace(s *Object) {
	switch p := s.part.(type) {
	case cluster.Node:
		v.nodes[s.name] = s
	case Claim:
		v.claims[s.name] = s
	case *cluster.NodePool:
		v.pools[s.name] = s
	case Pod:
		if p.Pod != nil {
			v.live(p.Workspace).pods = inserted(v.live(p.Workspace).pods, s)
		}
	case Endpoints:
		v.live(p.Service).endpoints = inserted(v.live(p.Service).endpoints, s)
	case *cluster.Workload:
		if isWorkload(s) {
			*v.live(keyOf(s)).workload(s) = s
		}
	}
}

// isWorkload reports whether a StatefulSet or Job has the name of its Workspace: another one is not its workload.
func isWorkload(s *Object) bool { return lookup(s.labels, cluster.LabelWorkspace) == s.name }

// remove forgets an object.
func (v *View) remove(s *Object) {
	delete(v.broken, s.ref())
	v.mark(s, nil)
	switch p := s.part.(type) {
	case cluster.Node:
		delete(v.nodes, s.name)
		return
	case Claim:
		delete(v.claims, s.name)
		return
	case Pod:
		if p.Pod != nil {
			at := hostedPod{p.Workspace, s.name}
			if delete(v.onNode[p.Pod.Node], at); len(v.onNode[p.Pod.Node]) == 0 {
				delete(v.onNode, p.Pod.Node)
			}
		}
	case *cluster.NodePool:
		delete(v.pools, s.name)
	}
	key := keyOf(s)
	l := v.lives[key]
	if l == nil {
		return
	}
	if s.applied() {
		l.objects--
	}
	named := func(o *Object) bool { return o.name == s.name }
	switch s.part.(type) {
	case Pod:
		l.pods = slices.DeleteFunc(l.pods, named)
	case Endpoints:
		l.endpoints = slices.DeleteFunc(l.endpoints, named)
	case *cluster.Workload:
		if isWorkload(s) {
			*l.workload(s) = nil
			v.touchHosts(l)
		}
	}
	if l.empty() {
		delete(v.lives, key)
	}
}

// add takes an object over.
func (v *View) add(s *Object) {
	v.mark(s, s)
	if s.applied() {
		v.live(keyOf(s)).objects++
	}
	switch p := s.part.(type) {
	case Broken:
		v.broken[s.ref()] = p.Err
	case cluster.Node:
		v.nodes[s.name] = s
	case Claim:
		v.claims[s.name] = s
	case *cluster.NodePool:
		v.pools[s.name] = s
	case Pod:
		if p.Pod == nil {
			return
		}
		l := v.live(p.Workspace)
		l.pods = inserted(l.pods, s)
		if v.onNode[p.Pod.Node] == nil {
			v.onNode[p.Pod.Node] = map[hostedPod]struct{}{}
		}
		v.onNode[p.Pod.Node][hostedPod{p.Workspace, s.name}] = struct{}{}
	case Endpoints:
		l := v.live(p.Service)
		l.endpoints = inserted(l.endpoints, s)
	case *cluster.Workload:
		if isWorkload(s) {
			l := v.live(keyOf(s))
			*l.workload(s) = s
			v.touchHosts(l)
		}
	}
}

// touchHosts notes that the nodes have changed on which pods without our labels run: the StatefulSet says whose they
// are.
func (v *View) touchHosts(l *gathered) {
	for _, s := range l.pods {
		if p, _ := s.part.(Pod); p.Unlabelled && p.Pod.Node != "" {
			v.dirtyNodes[p.Pod.Node] = struct{}{}
		}
	}
}

// mark notes that an object has changed, and is now; nil: it is gone.
func (v *View) mark(s, now *Object) {
	switch p := s.part.(type) {
	case cluster.Node:
		v.dirtyNodes[s.name] = struct{}{}
		return
	case Claim:
		v.dirtyPools = true
		if pool := v.pools[p.Pool]; pool != nil {
			v.dirty[keyOf(pool)] = struct{}{}
		}
		return
	case Pod:
		if p.Pod == nil {
			return
		}
	case *cluster.NodePool:
		v.dirtyPools = true
	}
	v.dirty[keyOf(s)] = struct{}{}
	if s.applied() {
		v.objects[objectKey{s.kind, s.namespace, s.name}] = now
	}
}

func (v *View) live(key workspace.Key) *gathered {
	l := v.lives[key]
	if l == nil {
		l = &gathered{}
		v.lives[key] = l
	}
	return l
}

// workload returns where a StatefulSet or Job belongs.
func (l *gathered) workload(s *Object) **Object {
	if s.kind.Value().Kind == "Job" {
		return &l.job
	}
	return &l.set
}

// Has reports whether a Workspace has a live object that syncer applies.
func (v *View) Has(key workspace.Key) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	l := v.lives[key]
	return l != nil && l.objects > 0
}

// Touch gives the next State another version, although nothing of it has changed: the caller looks at something again
// that it does not show.
func (v *View) Touch() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.touched = true
}

// TouchNode notes that the pods of others on a node have changed.
func (v *View) TouchNode(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if name != "" {
		v.dirtyNodes[name] = struct{}{}
	}
}

// TouchNodes notes that the pods of others on all nodes may have changed.
func (v *View) TouchNodes() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.touchAll()
}

func (v *View) touchAll() {
	for name := range v.nodes {
		v.dirtyNodes[name] = struct{}{}
	}
}

// keyOf returns the Workspace that an object belongs to; zero for a plain object.
func keyOf(s *Object) workspace.Key {
	switch p := s.part.(type) {
	case Pod:
		return p.Workspace
	case Endpoints:
		return p.Service
	}
	name := lookup(s.labels, cluster.LabelWorkspace)
	if name == "" {
		return workspace.Key{}
	}
	if name == s.name {
		name = s.name // most objects have the name of their Workspace, which is there once
	}
	return workspace.Key{Namespace: cmp.Or(s.namespace, lookup(s.labels, cluster.LabelWorkspaceNamespace)), Name: name}
}

// inserted adds a slim to those of a Workspace, in the order of their names, or replaces the one of its name.
func inserted(all []*Object, s *Object) []*Object {
	byName := func(o *Object, name string) int { return strings.Compare(o.name, name) }
	i, found := slices.BinarySearchFunc(all, s.name, byName)
	if found {
		all[i] = s
		return all
	}
	return slices.Insert(all, i, s)
}

// Extras is the part of a State that comes from elsewhere than from the watches of the view.
type Extras struct {
	Contests []cluster.Contest
	Foreign  bool // the pods of others are known
	AllPods  bool // all of them are
	// Taken adds to a node the pods on it, of any owner, and the GPUs that those of others take. ours tells which pods
	// without our labels are ours.
	Taken func(n *cluster.Node, ours func(namespace, name string) bool)
}

// State returns the State with what has changed since the last call.
func (v *View) State(x Extras) (cluster.State, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.broken) > 0 {
		return cluster.State{}, errors.Join(slices.Collect(maps.Values(v.broken))...)
	}
	if v.foreign != x.Foreign {
		v.foreign = x.Foreign
		v.touchAll()
	}
	s := v.last
	changed := v.last.Version == 0 || s.AllPods != x.AllPods || v.touched
	if v.touched {
		s.Sweeps++
	}
	s.AllPods, v.touched = x.AllPods, false
	changed = v.listObjects(&s) || changed
	if v.dirtyPools {
		s.NodePools, v.dirtyPools, changed = v.nodePools(), false, true
	}
	changed = v.listNodes(&s, x) || changed
	if !slices.Equal(s.Contests, x.Contests) {
		for _, c := range slices.Concat(s.Contests, x.Contests) {
			v.dirty[workspaceIn(s.Objects, c.Ref)] = struct{}{}
		}
		s.Contests, changed = x.Contests, true
	}
	changed = v.listWorkloads(&s) || changed
	if changed {
		v.lastVersion++
		s.Version = v.lastVersion
	}
	v.last = s
	return s, nil
}

// listNodes reads the changed nodes again. The Workspaces whose pods run on them have changed too.
func (v *View) listNodes(s *cluster.State, x Extras) bool {
	if len(v.dirtyNodes) == 0 {
		return false
	}
	byName := func(n cluster.Node, name string) int { return strings.Compare(n.Name, name) }
	names := slices.Sorted(maps.Keys(v.dirtyNodes))
	out, rest, changed := make([]cluster.Node, 0, len(s.Nodes)+len(names)), s.Nodes, false
	for _, name := range names {
		i, found := slices.BinarySearchFunc(rest, name, byName)
		out = append(out, rest[:i]...)
		rest = rest[i:]
		node, wanted := v.node(name, x)
		if wanted {
			out = append(out, node)
		}
		if changedNode(node, wanted, rest, found) {
			changed = true
			for pod := range v.onNode[name] {
				v.dirty[pod.workspace] = struct{}{}
			}
		}
		if found {
			rest = rest[1:]
		}
	}
	clear(v.dirtyNodes)
	if changed {
		s.Nodes = append(out, rest...)
	}
	return changed
}

// changedNode compares a node with the first of rest, which is the one before if it was found.
func changedNode(now cluster.Node, wanted bool, rest []cluster.Node, found bool) bool {
	return wanted != found || found && !reflect.DeepEqual(now, rest[0])
}

// node returns a node with what is on it, and whether it is of interest.
func (v *View) node(name string, x Extras) (cluster.Node, bool) {
	s := v.nodes[name]
	if s == nil {
		return cluster.Node{}, false
	}
	n, _ := s.part.(cluster.Node)
	if !ofInterest(n) {
		return cluster.Node{}, false
	}
	x.Taken(&n, func(namespace, pod string) bool { return v.adopted(name, namespace, pod) })
	return n, true
}

// adopted reports whether a pod on a node belongs to a StatefulSet that was taken over from KAITO.
func (v *View) adopted(node, namespace, pod string) bool {
	for p := range v.onNode[node] {
		if p.name == pod && p.workspace.Namespace == namespace {
			return v.lives[p.workspace].adopted()
		}
	}
	return false
}

// listWorkloads puts the parts of the changed Workspaces together, and gives each a new version.
func (v *View) listWorkloads(s *cluster.State) bool {
	if len(v.dirty) == 0 && s.Versions != nil {
		return false
	}
	workloads, versions := maps.Clone(s.Workloads), maps.Clone(s.Versions)
	if versions == nil {
		workloads, versions = map[workspace.Key]cluster.Workload{}, map[workspace.Key]uint64{}
	}
	for key := range v.dirty {
		v.lastVersion++
		versions[key] = v.lastVersion
		w, exists := v.lives[key].put()
		if exists {
			workloads[key] = w
			continue
		}
		delete(workloads, key)
		if v.lives[key] == nil {
			delete(versions, key) // nothing of it is live
		}
	}
	clear(v.dirty)
	s.Workloads, s.Versions = workloads, versions
	return true
}

// put returns the workload with its pods and endpoints. Pods of a deleted workload are in one without a name, because
// they still use a pool.
func (l *gathered) put() (w cluster.Workload, exists bool) {
	if l == nil {
		return w, false
	}
	for _, s := range []*Object{l.set, l.job} {
		if s != nil && s.deleted == 0 {
			read, _ := s.part.(*cluster.Workload)
			w, exists = *read, true
		}
	}
	for _, s := range l.pods {
		if p, _ := s.part.(Pod); !p.Unlabelled || l.adopted() {
			w.Pods, exists = append(w.Pods, *p.Pod), true
		}
	}
	for _, s := range l.endpoints {
		p, _ := s.part.(Endpoints)
		w.Endpoints += p.Ready
	}
	return w, exists
}

// adopted reports whether the StatefulSet was taken over from KAITO.
func (l *gathered) adopted() bool {
	if l == nil || l.set == nil {
		return false
	}
	w, _ := l.set.part.(*cluster.Workload)
	return w != nil && w.Adopted != nil
}

// nodePools lists syncer's NodePools, each with its NodeClaims.
func (v *View) nodePools() []cluster.NodePool {
	byPool := map[string][]cluster.NodeClaim{}
	for _, s := range v.claims {
		p, _ := s.part.(Claim)
		byPool[p.Pool] = append(byPool[p.Pool], p.Claim)
	}
	var out []cluster.NodePool
	for name, s := range v.pools {
		read, _ := s.part.(*cluster.NodePool)
		p := *read
		p.Workspace, p.Claims = keyOf(s), byPool[name]
		slices.SortFunc(p.Claims, func(a, b cluster.NodeClaim) int { return strings.Compare(a.Name, b.Name) })
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b cluster.NodePool) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// workspaceIn returns the Workspace of a live object; zero when it has none.
func workspaceIn(objects []*cluster.Object, ref cluster.Ref) workspace.Key {
	byRef := func(o *cluster.Object, r cluster.Ref) int { return o.Ref.Compare(r) }
	i, found := slices.BinarySearchFunc(objects, ref, byRef)
	if !found {
		return workspace.Key{}
	}
	return objects[i].Workspace
}

// ofInterest reports whether a node has, or should have, GPUs: by its resources, its pool, or the labels of NVIDIA's
// GPU feature discovery.
func ofInterest(n cluster.Node) bool {
	if n.Pool != "" || n.GPUs > 0 || len(n.Slices) > 0 || n.Labels[cluster.LabelNodePool] != "" {
		return true
	}
	for key := range n.Labels {
		if strings.HasPrefix(key, wellknown.ResourceGPU) {
			return true
		}
	}
	return false
}
