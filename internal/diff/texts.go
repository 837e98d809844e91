// SPDX-License-Identifier: Apache-2.0

package diff

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Texts are the texts of a difference between two objects, made when they are asked for: an edit to a preset changes
// thousands of objects, and people read a few. The zero value has none.
type Texts struct {
	before, after *unstructured.Unstructured
	noise         []string
	differ        bool
	given         *Diff // nil for those of before and after
}

// Later compares two objects as Objects does, and leaves their texts for later. The objects must not change any more.
func Later(before, after *unstructured.Unstructured, noise ...string) (paths []string, _ Texts) {
	paths = of(before, after, noise).paths
	differ := len(paths) > 0 || (before == nil) != (after == nil)
	return paths, Texts{before: before, after: after, noise: noise, differ: differ}
}

// Given returns texts that are there already.
func Given(d Diff) Texts { return Texts{differ: d.Unified != "", given: &d} }

// Empty reports whether nothing differs.
func (t Texts) Empty() bool { return !t.differ }

// Fields is Diff.Fields.
func (t Texts) Fields() []Field {
	switch {
	case t.given != nil:
		return t.given.Fields
	case t.before == nil || t.after == nil || !t.differ:
		return nil
	}
	return of(t.before, t.after, t.noise).fields()
}

// Unified is Diff.Unified.
func (t Texts) Unified() string {
	switch {
	case t.given != nil:
		return t.given.Unified
	case !t.differ:
		return ""
	}
	return of(t.before, t.after, t.noise).unified()
}
