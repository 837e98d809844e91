// SPDX-License-Identifier: Apache-2.0

// Package known remembers which objects are as desired, and which changes the API server has accepted in a dry run, so
// that neither is asked again. Pure.
//
//	m := known.New()
//	m.Equal(o, live)                // live is what applying o makes of it
//	m.Unchanged(o, seen, live)      // true until o, or what is live, is another
//	m.Fulfilled(o, seen, digest)    // true if the digest is that of o: what is live says itself that it is as desired
//	m.Settled(digested, seen, live) // Unchanged for an object of which only the digest is at hand
//	m.Passed(o, version, replace)   // a dry run of o over a version was accepted
//	replace, ok := m.Take(o, version)
//
// A desired object and an object of an informer never change, so that the same pointers need no look at what they point
// to.
package known

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"weak"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// Memory is what is known of the objects of a cluster. It may be used concurrently.
type Memory struct {
	mu     sync.Mutex
	equal  map[cluster.Ref]entry
	trials map[cluster.Ref]trial
	doubts map[cluster.Ref]struct{} // objects of which only the server says that they are as desired
}

// New returns an empty Memory.
func New() *Memory {
	return &Memory{
		equal:  map[cluster.Ref]entry{},
		trials: map[cluster.Ref]trial{},
		doubts: map[cluster.Ref]struct{}{},
	}
}

// entry records that an object was as desired: its desired state, and the live object that matched it.
type entry struct {
	object  weak.Pointer[unstructured.Unstructured] // desired
	desired [sha256.Size]byte
	seen    any      // what the watch had of the live object; nil: none was compared yet
	live    *version // nil: it was not compared, because it says itself what it fulfils, as most objects do
}

// version changes with every relevant change of a live object: the generation changes with the spec, and the resource
// version replaces it for objects without a generation. A change of the status does not change it.
type version struct {
	uid     string
	version string
	meta    [sha256.Size]byte
}

func versionOf(u *unstructured.Unstructured) version {
	v := version{uid: string(u.GetUID()), version: fmt.Sprint(u.GetGeneration())}
	if u.GetGeneration() == 0 {
		v.version = "rv" + u.GetResourceVersion()
	}
	v.meta = sum(
		map[string]any{
			"labels":      u.GetLabels(),
			"annotations": u.GetAnnotations(),
			"finalizers":  u.GetFinalizers(),
			"owners":      u.GetOwnerReferences(),
			"deleting":    u.GetDeletionTimestamp() != nil,
		},
	)
	return v
}

// sum hashes a value by its JSON, in which keys are sorted.
func sum(v any) [sha256.Size]byte {
	data, _ := json.Marshal(v) // plain values
	return sha256.Sum256(data)
}

// Unchanged reports whether the live object is known to be as desired. seen identifies what the watch has of it, which
// never changes; live returns that as an object, and is called only if this was not seen before.
func (m *Memory) Unchanged(o *unstructured.Unstructured, seen any, live func() *unstructured.Unstructured) bool {
	ref := cluster.RefOf(o)
	e, ok := m.entry(ref)
	same := ok && e.object == weak.Make(o)
	if same && e.seen == seen {
		return true
	}
	if !ok || !e.matches(seen, live) || !same && e.desired != sum(o.Object) {
		return false
	}
	m.saw(ref, e, weak.Make(o), seen)
	return true
}

// Settled is Unchanged for an object of which only the digest is at hand.
func (m *Memory) Settled(o cluster.Digested, seen any, live func() *unstructured.Unstructured) bool {
	e, ok := m.entry(o.Ref)
	if !ok || e.desired != o.Digest || e.seen != seen && !e.matches(seen, live) {
		return false
	}
	if e.seen != seen {
		m.saw(o.Ref, e, e.object, seen)
	}
	return true
}

func (m *Memory) entry(ref cluster.Ref) (entry, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.equal[ref]
	return e, ok
}

// matches reports whether the live object is still the one that was as desired.
func (e *entry) matches(seen any, live func() *unstructured.Unstructured) bool {
	return e.seen == seen || e.live != nil && *e.live == versionOf(live())
}

// saw notes what was last looked at of an object that is as desired, unless its entry has changed meanwhile.
func (m *Memory) saw(ref cluster.Ref, before entry, o weak.Pointer[unstructured.Unstructured], seen any) {
	e := before
	e.seen, e.object = seen, o
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.equal[ref] == before {
		m.equal[ref] = e
	}
}

// Fulfilled reports whether the live object fulfils a desired one: whether that has this digest, which is the SHA-256
// of its JSON. It is never true for an object in doubt.
func (m *Memory) Fulfilled(o *unstructured.Unstructured, seen any, digest [sha256.Size]byte) bool {
	ref := cluster.RefOf(o)
	e, known := m.entry(ref)
	if !known || e.object != weak.Make(o) {
		e = entry{object: weak.Make(o), desired: sum(o.Object)}
	}
	return e.desired == digest && m.fulfils(ref, e, seen)
}

// Fulfils notes that the live object fulfils a desired one with this digest, and reports that; false for an object in
// doubt.
func (m *Memory) Fulfils(o cluster.Digested, seen any) bool {
	return m.fulfils(o.Ref, entry{desired: o.Digest}, seen)
}

func (m *Memory) fulfils(ref cluster.Ref, e entry, seen any) bool {
	e.seen, e.live = seen, nil
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, doubt := m.doubts[ref]; doubt {
		return false
	}
	m.equal[ref] = e
	delete(m.trials, ref)
	return true
}

// Equal notes that a live object is as desired.
func (m *Memory) Equal(o, live *unstructured.Unstructured) {
	version := versionOf(live)
	e := entry{object: weak.Make(o), desired: sum(o.Object), live: &version}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.equal[cluster.RefOf(o)] = e
	delete(m.trials, cluster.RefOf(o))
	delete(m.doubts, cluster.RefOf(o))
}

// Doubt drops what is known of an object, so that the next look asks the server.
func (m *Memory) Doubt(ref cluster.Ref) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.equal, ref)
	delete(m.trials, ref)
	m.doubts[ref] = struct{}{}
}

// Forget drops what is known of an object.
func (m *Memory) Forget(ref cluster.Ref) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.equal, ref)
	delete(m.trials, ref)
	delete(m.doubts, ref)
}

// Refs lists the objects that are known to be as desired, and those in doubt.
func (m *Memory) Refs() []cluster.Ref {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.AppendSeq(slices.Collect(maps.Keys(m.equal)), maps.Keys(m.doubts))
}

// trial is a dry run that the server has accepted: of an object as desired, over a live version. Applying the same over
// the same version needs no other.
type trial struct {
	object  weak.Pointer[unstructured.Unstructured]
	version string
	replace string
}

// mostTrials bounds what is kept of objects that are never applied, such as those of pull requests.
const mostTrials = 100_000

// Passed notes a dry run that would change something, and why the object has to be created again for that, or "".
func (m *Memory) Passed(o *unstructured.Unstructured, version, replace string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.trials) >= mostTrials {
		clear(m.trials)
	}
	m.trials[cluster.RefOf(o)] = trial{weak.Make(o), version, replace}
}

// Take returns the result of a dry run of the same object over the same version, once.
func (m *Memory) Take(o *unstructured.Unstructured, version string) (replace string, ok bool) {
	ref := cluster.RefOf(o)
	m.mu.Lock()
	defer m.mu.Unlock()
	t, ok := m.trials[ref]
	delete(m.trials, ref)
	if !ok || t.object != weak.Make(o) || t.version != version {
		return "", false
	}
	return t.replace, true
}
