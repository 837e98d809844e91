// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// view keeps the State of the cluster up to date. Events of the informers mark what has changed, and state makes only
// that again: what an Observe costs depends on what has changed since the last one.
//
// The values of a State are shared with the next one, so that nobody may change them.
type view struct {
	mu     sync.Mutex
	lives  map[workspace.Key]*gathered
	nodes  map[string]*slim
	pools  map[string]*slim                  // NodePools by name
	claims map[string]*slim                  // NodeClaims by name
	broken map[cluster.Ref]error             // objects that cannot be read
	onNode map[string]map[hostedPod]struct{} // our pods, by node

	// What has changed since the last state.
	objects     map[cluster.Ref]*slim // nil: deleted
	dirty       map[workspace.Key]struct{}
	dirtyNodes  map[string]struct{}
	dirtyPools  bool
	foreign     bool // extras.foreign of the last state
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
	set, job  *slim
	pods      []*slim // by name
	endpoints []*slim // by name
}

func (l *gathered) empty() bool {
	return l.objects == 0 && len(l.pods) == 0 && len(l.endpoints) == 0
}

func newView() *view {
	return &view{
		lives:      map[workspace.Key]*gathered{},
		nodes:      map[string]*slim{},
		pools:      map[string]*slim{},
		claims:     map[string]*slim{},
		broken:     map[cluster.Ref]error{},
		onNode:     map[string]map[hostedPod]struct{}{},
		objects:    map[cluster.Ref]*slim{},
		dirty:      map[workspace.Key]struct{}{},
		dirtyNodes: map[string]struct{}{},
	}
}

// event takes an object over that was before, and is now after; nil for none. It reports whether anything has changed
// that syncer reads or compares.
func (v *view) event(before, after *slim) bool {
	if before != nil && after != nil && before.same(after) {
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
func (v *view) replace(s *slim) {
	switch p := s.part.(type) {
	case cluster.Node:
		v.nodes[s.name] = s
	case claimPart:
		v.claims[s.name] = s
	case *cluster.NodePool:
		v.pools[s.name] = s
	case podPart:
		if p.pod != nil {
			v.live(p.workspace).pods = inserted(v.live(p.workspace).pods, s)
		}
	case endpointsPart:
		v.live(p.service).endpoints = inserted(v.live(p.service).endpoints, s)
	case *cluster.Workload:
		if isWorkload(s) {
			*v.live(keyOf(s)).workload(s) = s
		}
	}
}

// isWorkload reports whether a StatefulSet or Job has the name of its Workspace: another one is not its workload.
func isWorkload(s *slim) bool { return lookup(s.labels, cluster.LabelWorkspace) == s.name }

// remove forgets an object.
func (v *view) remove(s *slim) {
	delete(v.broken, s.ref())
	v.mark(s, nil)
	switch p := s.part.(type) {
	case cluster.Node:
		delete(v.nodes, s.name)
		return
	case claimPart:
		delete(v.claims, s.name)
		return
	case podPart:
		if p.pod != nil {
			at := hostedPod{p.workspace, s.name}
			if delete(v.onNode[p.pod.Node], at); len(v.onNode[p.pod.Node]) == 0 {
				delete(v.onNode, p.pod.Node)
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
	named := func(o *slim) bool { return o.name == s.name }
	switch s.part.(type) {
	case podPart:
		l.pods = slices.DeleteFunc(l.pods, named)
	case endpointsPart:
		l.endpoints = slices.DeleteFunc(l.endpoints, named)
	case *cluster.Workload:
		if isWorkload(s) {
			*l.workload(s) = nil
		}
	}
	if l.empty() {
		delete(v.lives, key)
	}
}

// add takes an object over.
func (v *view) add(s *slim) {
	v.mark(s, s)
	if s.applied() {
		v.live(keyOf(s)).objects++
	}
	switch p := s.part.(type) {
	case broken:
		v.broken[s.ref()] = p.err
	case cluster.Node:
		v.nodes[s.name] = s
	case claimPart:
		v.claims[s.name] = s
	case *cluster.NodePool:
		v.pools[s.name] = s
	case podPart:
		if p.pod == nil {
			return
		}
		l := v.live(p.workspace)
		l.pods = inserted(l.pods, s)
		if v.onNode[p.pod.Node] == nil {
			v.onNode[p.pod.Node] = map[hostedPod]struct{}{}
		}
		v.onNode[p.pod.Node][hostedPod{p.workspace, s.name}] = struct{}{}
	case endpointsPart:
		l := v.live(p.service)
		l.endpoints = inserted(l.endpoints, s)
	case *cluster.Workload:
		if isWorkload(s) {
			*v.live(keyOf(s)).workload(s) = s
		}
	}
}

// mark notes that an object has changed, and is now; nil: it is gone.
func (v *view) mark(s, now *slim) {
	switch p := s.part.(type) {
	case cluster.Node:
		v.dirtyNodes[s.name] = struct{}{}
		return
	case claimPart:
		v.dirtyPools = true
		if pool := v.pools[p.pool]; pool != nil {
			v.dirty[keyOf(pool)] = struct{}{}
		}
		return
	case podPart:
		if p.pod == nil {
			return
		}
	case *cluster.NodePool:
		v.dirtyPools = true
	}
	v.dirty[keyOf(s)] = struct{}{}
	if s.applied() {
		v.objects[s.ref()] = now
	}
}

func (v *view) live(key workspace.Key) *gathered {
	l := v.lives[key]
	if l == nil {
		l = &gathered{}
		v.lives[key] = l
	}
	return l
}

// workload returns where a StatefulSet or Job belongs.
func (l *gathered) workload(s *slim) **slim {
	if s.kind.Value().Kind == "Job" {
		return &l.job
	}
	return &l.set
}

// touchNode notes that the pods of others on a node have changed.
func (v *view) touchNode(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if name != "" {
		v.dirtyNodes[name] = struct{}{}
	}
}

// touchNodes notes that the pods of others on all nodes may have changed.
func (v *view) touchNodes() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.touchAll()
}

func (v *view) touchAll() {
	for name := range v.nodes {
		v.dirtyNodes[name] = struct{}{}
	}
}

// keyOf returns the Workspace that an object belongs to; zero for a plain object.
func keyOf(s *slim) workspace.Key {
	switch p := s.part.(type) {
	case podPart:
		return p.workspace
	case endpointsPart:
		return p.service
	}
	name := lookup(s.labels, cluster.LabelWorkspace)
	if name == "" {
		return workspace.Key{}
	}
	namespace := cmp.Or(s.namespace, lookup(s.labels, cluster.LabelWorkspaceNamespace))
	return workspace.Key{Namespace: once(namespace), Name: once(name)}
}

// inserted adds a slim to those of a Workspace, in the order of their names, or replaces the one of its name.
func inserted(all []*slim, s *slim) []*slim {
	i, found := slices.BinarySearchFunc(all, s.name, func(o *slim, name string) int { return strings.Compare(o.name, name) })
	if found {
		all[i] = s
		return all
	}
	return slices.Insert(all, i, s)
}

// extras is the part of a State that comes from elsewhere than from the watches of the view.
type extras struct {
	contests []cluster.Contest
	foreign  bool // the pods of others are known
	allPods  bool // all of them are
	// taken adds to a node the pods on it, of whoever, and the GPUs that those of others take.
	taken func(*cluster.Node)
}

// state returns the State with what has changed since the last call.
func (v *view) state(x extras) (cluster.State, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.broken) > 0 {
		return cluster.State{}, errors.Join(slices.Collect(maps.Values(v.broken))...)
	}
	if v.foreign != x.foreign {
		v.foreign = x.foreign
		v.touchAll()
	}
	s := v.last
	changed := v.last.Version == 0 || s.AllPods != x.allPods
	s.AllPods = x.allPods
	changed = v.listObjects(&s) || changed
	if v.dirtyPools {
		s.NodePools, v.dirtyPools, changed = v.nodePools(), false, true
	}
	changed = v.listNodes(&s, x) || changed
	if !slices.Equal(s.Contests, x.contests) {
		for _, c := range slices.Concat(s.Contests, x.contests) {
			v.dirty[workspaceIn(s.Objects, c.Ref)] = struct{}{}
		}
		s.Contests, changed = x.contests, true
	}
	changed = v.listWorkloads(&s) || changed
	if changed {
		v.lastVersion++
		s.Version = v.lastVersion
	}
	v.last = s
	return s, nil
}

// listObjects puts the changed objects into their order among the others.
func (v *view) listObjects(s *cluster.State) bool {
	if len(v.objects) == 0 {
		return false
	}
	refs := slices.SortedFunc(maps.Keys(v.objects), cluster.Ref.Compare)
	out := make([]cluster.Object, 0, len(s.Objects)+len(refs))
	rest := s.Objects
	for _, ref := range refs {
		i, found := slices.BinarySearchFunc(rest, ref, func(o cluster.Object, r cluster.Ref) int { return o.Ref.Compare(r) })
		out = append(out, rest[:i]...)
		rest = rest[i:]
		if found {
			rest = rest[1:]
		}
		if now := v.objects[ref]; now != nil {
			out = append(out, objectOf(now))
		}
	}
	s.Objects = append(out, rest...)
	clear(v.objects)
	return true
}

// listNodes reads the changed nodes again. The Workspaces whose pods run on them have changed too.
func (v *view) listNodes(s *cluster.State, x extras) bool {
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
func (v *view) node(name string, x extras) (cluster.Node, bool) {
	s := v.nodes[name]
	if s == nil {
		return cluster.Node{}, false
	}
	n, _ := s.part.(cluster.Node)
	if !ofInterest(n) {
		return cluster.Node{}, false
	}
	x.taken(&n)
	return n, true
}

// listWorkloads puts the parts of the changed Workspaces together, and gives each a new version.
func (v *view) listWorkloads(s *cluster.State) bool {
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
	for _, s := range []*slim{l.set, l.job} {
		if s != nil && s.deleted == 0 {
			read, _ := s.part.(*cluster.Workload)
			w, exists = *read, true
		}
	}
	for _, s := range l.pods {
		p, _ := s.part.(podPart)
		w.Pods, exists = append(w.Pods, *p.pod), true
	}
	for _, s := range l.endpoints {
		p, _ := s.part.(endpointsPart)
		w.Endpoints += p.ready
	}
	return w, exists
}

// nodePools lists syncer's NodePools, each with its NodeClaims.
func (v *view) nodePools() []cluster.NodePool {
	byPool := map[string][]cluster.NodeClaim{}
	for _, s := range v.claims {
		p, _ := s.part.(claimPart)
		byPool[p.pool] = append(byPool[p.pool], p.claim)
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
func workspaceIn(objects []cluster.Object, ref cluster.Ref) workspace.Key {
	i, found := slices.BinarySearchFunc(objects, ref, func(o cluster.Object, r cluster.Ref) int { return o.Ref.Compare(r) })
	if !found {
		return workspace.Key{}
	}
	return objects[i].Workspace
}
