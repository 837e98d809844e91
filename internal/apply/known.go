// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"weak"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// cacheEntry records that an object was as desired: its desired state, and the live object that matched it. A desired
// object and an object of an informer never change, so that the same pointers need no look at what they point to.
type cacheEntry struct {
	object  *unstructured.Unstructured // desired
	desired [sha256.Size]byte
	seen    *unstructured.Unstructured // of the informer; nil: none was compared yet
	live    liveVersion
}

// liveVersion changes with every relevant change of a live object: the generation changes with the spec, and the
// resource version replaces it for objects without a generation. A change of the status does not change it.
type liveVersion struct {
	uid     string
	version string
	meta    [sha256.Size]byte
}

func liveVersionOf(u *unstructured.Unstructured) liveVersion {
	f := liveVersion{uid: string(u.GetUID()), version: fmt.Sprint(u.GetGeneration())}
	if u.GetGeneration() == 0 {
		f.version = "rv" + u.GetResourceVersion()
	}
	f.meta = sum(
		map[string]any{
			"labels":      u.GetLabels(),
			"annotations": u.GetAnnotations(),
			"finalizers":  u.GetFinalizers(),
			"owners":      u.GetOwnerReferences(),
			"deleting":    u.GetDeletionTimestamp() != nil,
		},
	)
	return f
}

// sum hashes a value by its JSON, in which keys are sorted.
func sum(v any) [sha256.Size]byte {
	data, _ := json.Marshal(v) // plain values
	return sha256.Sum256(data)
}

// unchanged reports whether the object is known to be as it should.
func (c *Cluster) unchanged(o *unstructured.Unstructured) bool {
	live := c.live(o)
	if live == nil {
		return false
	}
	ref := cluster.RefOf(o)
	c.mu.Lock()
	e, ok := c.lastApplied[ref]
	c.mu.Unlock()
	switch {
	case !ok:
		return false
	case e.seen == live && e.object == o:
		return true
	case e.seen != live && e.live != liveVersionOf(live), e.object != o && e.desired != sum(o.Object):
		return false
	}
	before := e
	e.seen, e.object = live, o
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lastApplied[ref] == before {
		c.lastApplied[ref] = e
	}
	return true
}

// remember notes that a live object is as desired.
func (c *Cluster) remember(o, live *unstructured.Unstructured) {
	e := cacheEntry{object: o, desired: sum(o.Object), live: liveVersionOf(live)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastApplied[cluster.RefOf(o)] = e
	delete(c.trials, cluster.RefOf(o))
}

// forget drops what is known of an object, so that the next preview asks the server.
func (c *Cluster) forget(ref cluster.Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.lastApplied, ref)
	delete(c.trials, ref)
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

// passed notes a dry run that would change something.
func (c *Cluster) passed(o *unstructured.Unstructured, v *verdict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.trials) >= mostTrials {
		clear(c.trials)
	}
	c.trials[cluster.RefOf(o)] = trial{weak.Make(o), versionOf(v.live), v.Replace}
}

// takeTrial returns the verdict of an earlier dry run if it still counts, once.
func (c *Cluster) takeTrial(o *unstructured.Unstructured) (verdict, bool) {
	ref := cluster.RefOf(o)
	c.mu.Lock()
	t, ok := c.trials[ref]
	delete(c.trials, ref)
	c.mu.Unlock()
	if !ok || t.object != weak.Make(o) {
		return verdict{}, false
	}
	live, known := c.known(o)
	if !known || t.version != versionOf(live) {
		return verdict{}, false
	}
	return verdict{Preview: cluster.Preview{Ref: ref, Before: live, After: o, Replace: t.replace}, live: live}, true
}

// live returns the object as the watch has it, or nil.
func (c *Cluster) live(o *unstructured.Unstructured) *unstructured.Unstructured {
	kind := o.GroupVersionKind().GroupKind()
	if l := c.watches.optionalKind(kind); l != nil {
		return l.get(o.GetNamespace(), o.GetName())
	}
	return c.watches.get(applied[kind], o.GetNamespace(), o.GetName())
}

// known returns the object as the watch has it, and whether the watch of its kind is complete: then an object that is
// not there does not exist, or is not ours.
func (c *Cluster) known(o *unstructured.Unstructured) (live *unstructured.Unstructured, known bool) {
	kind := o.GroupVersionKind().GroupKind()
	if l := c.watches.optionalKind(kind); l != nil {
		return c.live(o), l.listed()
	}
	i := c.watches.informers[applied[kind]][o.GetNamespace()]
	return c.live(o), i != nil && i.HasSynced()
}
