// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"reflect"
	"slices"
	"sync"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/dependency"
)

// Memo keeps what was found in the Workspaces of the last Set, for the next one: most are the same in the next
// revision, or on the other side of a comparison. The zero value is empty; a nil Memo keeps nothing. It is safe for
// concurrent use.
type Memo struct {
	mu   sync.Mutex
	last *examined
}

// examined is a Set with what was found in it. What is found in a Workspace follows from it, and from what is the same
// for all Workspaces.
type examined struct {
	set      *workspace.Set
	catalog  Catalog
	env      workspace.Env
	told     map[workspace.Key]bool // Workspaces with a Problem before any rule was applied
	problems [][]diag.Diagnostic    // of set.Workspaces
}

// Validate is the function Validate, which applies the rules to what has changed since the last call alone.
func (m *Memo) Validate(set *workspace.Set, catalog Catalog, env workspace.Env) []diag.Diagnostic {
	now := &examined{
		set:      set,
		catalog:  catalog,
		env:      env,
		told:     map[workspace.Key]bool{},
		problems: make([][]diag.Diagnostic, len(set.Workspaces)),
	}
	// The functions are those of one process; they answer alike.
	now.env.Size, now.env.Hardware, now.env.NearSize = nil, nil, nil
	for i := range set.Problems {
		now.told[set.Problems[i].Workspace] = true
	}
	var before *examined
	if m != nil {
		m.mu.Lock()
		before = m.last
		m.mu.Unlock()
	}
	if !now.comparable(before) {
		before = nil
	}
	memo := map[string][]diag.Diagnostic{}
	examine := func(w *workspace.Workspace, rules ...func(*check)) []diag.Diagnostic {
		c := &check{w: w, set: set, catalog: catalog, env: env, memo: memo}
		for _, rule := range rules {
			rule(c)
		}
		return c.problems
	}
	if changed, ok := now.changedSince(before); ok {
		copy(now.problems, before.problems)
		for _, i := range changed {
			now.problems[i] = nil
			if w := &set.Workspaces[i]; w.InferenceSet == "" {
				now.problems[i] = examine(w, rules...)
			}
		}
	} else {
		at := 0 // in the Workspaces before, which have the same order
		for i := range set.Workspaces {
			w := &set.Workspaces[i]
			if w.InferenceSet != "" {
				continue
			}
			found, known := before.of(w, &at, now)
			if !known {
				found = examine(w, rules...)
			}
			now.problems[i] = found
		}
	}
	out := slices.Concat(now.problems...)
	for i := range set.InferenceSets { // its replicas are all alike, and none may be wanted
		s := &set.InferenceSets[i]
		out = append(out, examine(&s.Template, append([]func(*check){func(c *check) { checkSet(s, c) }}, rules...)...)...)
	}
	out = append(out, dependency.Check(set)...) // of all Workspaces together, so that none is kept
	slices.SortFunc(out, diag.Diagnostic.Compare)
	if m != nil {
		m.mu.Lock()
		m.last = now
		m.mu.Unlock()
	}
	return out
}

// comparable reports whether all that is the same for all Workspaces is what it was.
func (e *examined) comparable(before *examined) bool {
	return before != nil && reflect.TypeOf(e.catalog).Comparable() && e.catalog == before.catalog &&
		reflect.DeepEqual(e.env, before.env) &&
		reflect.DeepEqual(e.set.Objects, before.set.Objects) &&
		reflect.DeepEqual(e.set.Nodes, before.set.Nodes)
}

// changedSince returns the places of the Workspaces to examine, if the Set says in what it differs from the one before.
func (e *examined) changedSince(before *examined) (at []int, ok bool) {
	if before == nil {
		return nil, false
	}
	changed, ok := e.set.ChangedSince(before.set)
	if !ok {
		return nil, false
	}
	at = slices.Clone(changed)
	for _, told := range []map[workspace.Key]bool{before.told, e.told} {
		for key := range told {
			i, found := slices.BinarySearchFunc(e.set.Workspaces, key, func(w workspace.Workspace, k workspace.Key) int {
				return w.Compare(k)
			})
			if found {
				at = append(at, i)
			}
		}
	}
	return at, true
}

// of returns what was found in an equal Workspace. at is where to look first, and goes on with the keys.
func (e *examined) of(w *workspace.Workspace, at *int, now *examined) (found []diag.Diagnostic, known bool) {
	if e == nil {
		return nil, false
	}
	for *at < len(e.set.Workspaces) && e.set.Workspaces[*at].Compare(w.Key) < 0 {
		*at++
	}
	if *at == len(e.set.Workspaces) || e.told[w.Key] || now.told[w.Key] || !workspace.Same(&e.set.Workspaces[*at], w) {
		return nil, false
	}
	return e.problems[*at], true
}
