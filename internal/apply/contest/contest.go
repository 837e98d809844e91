// SPDX-License-Identifier: Apache-2.0

// Package contest recognises fields of Kubernetes objects that another controller keeps changing after syncer has set
// them back, such as the replicas of a StatefulSet that an autoscaler owns.
//
//	t := contest.New(contest.Leave)
//	t.Applied(o)                     // syncer has applied o
//	if t.Drifted(o) {                // another client has changed it
//		t.Found(o, conflicts)        // the API server names the fields and their managers
//	}
//	rules := t.Left(o)               // JSON pointers to the fields that syncer leaves alone
package contest

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// Answer is what syncer does about a field that another controller keeps changing, such as an autoscaler that sets
// the replicas of a StatefulSet.
type Answer string

// The two answers. The zero value is Leave.
const (
	Leave     Answer = "leave"     // the other controller keeps the field
	Overwrite Answer = "overwrite" // syncer sets the field back, once in OverwriteInterval
)

// A field is contested when syncer has set it back Limit times within Window, and the same field manager
// has changed it again. A person who edits an object by hand does not do that.
const (
	Limit             = 3
	Window            = time.Hour
	OverwriteInterval = 10 * time.Minute
)

// Tracker remembers what other field managers have changed in objects that syncer applied. It is lost with the
// process, and learned again in Limit corrections.
type Tracker struct {
	Now func() time.Time // for tests; New sets time.Now

	answer Answer

	mu    sync.Mutex
	sent  map[cluster.Ref][sha256.Size]byte // the desired object that was applied last
	known map[cluster.Ref][]field
}

// Conflict is a field of a desired object that another field manager has set to another value.
type Conflict struct {
	Field   string // path in the object: spec.replicas
	Manager string // field manager
	Pointer string // JSON pointer into the desired object
}

// field is one field of one object.
type field struct {
	Conflict
	changed     []time.Time // when syncer found the field changed, the oldest first
	overwritten time.Time   // when syncer last set back a field that is contested
}

// New returns a Tracker without any contest. The zero Answer is Leave.
func New(answer Answer) *Tracker {
	return &Tracker{
		answer: cmp.Or(answer, Leave),
		Now:    time.Now,
		sent:   map[cluster.Ref][sha256.Size]byte{},
		known:  map[cluster.Ref][]field{},
	}
}

// Applied notes that an object was sent. A desired state that is new ends all contests of the object.
func (c *Tracker) Applied(o *unstructured.Unstructured) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ref, desired := cluster.RefOf(o), digest(o)
	if c.sent[ref] != desired {
		delete(c.known, ref)
	}
	c.sent[ref] = desired
}

// Drifted reports whether the object was applied in exactly this form: then a difference is the change of another
// client.
func (c *Tracker) Drifted(o *unstructured.Unstructured) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent[cluster.RefOf(o)] == digest(o)
}

// Forget drops an object that is deleted.
func (c *Tracker) Forget(ref cluster.Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sent, ref)
	delete(c.known, ref)
}

// Found notes the fields that others have changed since the object was applied.
func (c *Tracker) Found(o *unstructured.Unstructured, fields []Conflict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ref, now := cluster.RefOf(o), c.Now()
	for _, f := range fields {
		i := slices.IndexFunc(c.known[ref], func(k field) bool { return k.Field == f.Field && k.Manager == f.Manager })
		if i < 0 {
			i = len(c.known[ref])
			c.known[ref] = append(c.known[ref], field{Conflict: f})
		}
		k := &c.known[ref][i]
		recent := slices.DeleteFunc(k.changed, func(at time.Time) bool { return now.Sub(at) > Window })
		k.changed = append(recent, now)
		if len(k.changed) == Limit+1 {
			k.overwritten = now
		}
	}
}

// Left returns the fields of an object that syncer leaves alone now, as JSON pointers.
func (c *Tracker) Left(o *unstructured.Unstructured) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	ref := cluster.RefOf(o)
	if len(c.known[ref]) == 0 || c.sent[ref] != digest(o) {
		return nil // a new desired state is applied as a whole
	}
	var paths []string
	for _, k := range c.known[ref] {
		due := c.answer == Overwrite && c.Now().Sub(k.overwritten) >= OverwriteInterval
		if k.contested() && !due {
			paths = append(paths, k.Pointer)
		}
	}
	return paths
}

// Overwrote notes that every field of an object was set back.
func (c *Tracker) Overwrote(o *unstructured.Unstructured) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.known[cluster.RefOf(o)]
	for i := range known {
		if known[i].contested() && c.Now().Sub(known[i].overwritten) >= OverwriteInterval {
			known[i].overwritten = c.Now()
		}
	}
}

// All lists the fields that are contested, in the order of their objects.
func (c *Tracker) All() []cluster.Contest {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []cluster.Contest
	for ref, known := range c.known {
		for _, k := range known {
			if k.contested() {
				out = append(out, cluster.Contest{
					Ref:     ref,
					Field:   k.Field,
					Manager: k.Manager,
					Left:    c.answer == Leave,
				})
			}
		}
	}
	slices.SortFunc(out, func(a, b cluster.Contest) int {
		return cmp.Or(a.Ref.Compare(b.Ref), strings.Compare(a.Field, b.Field))
	})
	return out
}

// Due returns when a contested field is to be set back next; the zero time is never.
func (c *Tracker) Due() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var next time.Time
	for _, known := range c.known {
		for _, k := range known {
			if at := k.overwritten.Add(OverwriteInterval); c.answer == Overwrite && k.contested() &&
				(next.IsZero() || at.Before(next)) {
				next = at
			}
		}
	}
	return next
}

func (k field) contested() bool { return len(k.changed) > Limit }

// Answer returns what syncer does about contested fields.
func (c *Tracker) Answer() Answer { return c.answer }

func digest(o *unstructured.Unstructured) [sha256.Size]byte {
	data, _ := json.Marshal(o.Object) // plain values
	return sha256.Sum256(data)
}
