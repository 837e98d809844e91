// SPDX-License-Identifier: Apache-2.0

package immutable

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Changes compares two states of a repository, and warns about each change that KAITO's admission forbids. A Git
// reconciler can apply it, but replaces objects and interrupts workloads; the warning names them. Changes ignores
// Workspaces that only one of the states has: nothing of theirs is replaced.
//
// The Problems are warnings at the changed fields of the new state, sorted by place.
func Changes(before, after *workspace.Set) []diag.Diagnostic {
	var out []diag.Diagnostic
	for i := range after.Workspaces {
		w := &after.Workspaces[i]
		if old := before.Find(w.Key); old != nil {
			c := &comparison{w: w}
			c.compare(old)
			out = append(out, c.problems...)
		}
	}
	slices.SortFunc(out, diag.Diagnostic.Compare)
	return slices.Compact(out) // all replicas of an InferenceSet change alike
}

// comparison is that of one Workspace with an earlier version of it.
type comparison struct {
	w        *workspace.Workspace // the later version
	problems []diag.Diagnostic
}

// warn notes a change that replaces objects.
func (c *comparison) warn(field, message, hint string) {
	c.problems = append(c.problems, c.w.Problem(diag.Warning, diag.WorkloadReplaced, field, message, hint))
}

// compare reports what differs from old.
func (c *comparison) compare(old *workspace.Workspace) {
	w := c.w
	if (w.Inference == nil) != (old.Inference == nil) || (w.Tuning == nil) != (old.Tuning == nil) {
		c.toggled(old)
		return
	}
	c.resourceChanges(old)
	if w.Inference != nil && old.Inference != nil {
		c.inferenceChanges(old.Inference)
	}
	if w.Tuning != nil && old.Tuning != nil {
		c.tuningChanges(old.Tuning)
		if len(c.problems) == 0 && w.Digest != old.Digest {
			c.warn(
				"tuning",
				"its inputs changed: syncer replaces the Job",
				"the tuning starts over",
			)
		}
	}
	if was, is := old.Annotations[wellknown.AnnotationNodeClass], w.Annotations[wellknown.AnnotationNodeClass]; was != is {
		c.changed(
			"metadata.annotations."+wellknown.AnnotationNodeClass,
			wasIs(was, is),
			"syncer replaces the nodes that Karpenter created",
		)
	}
}

// changed warns about one change: how the field differs, and what is replaced.
func (c *comparison) changed(field, difference, replaced string) {
	interrupts := "serving stops until the new pods are ready"
	if c.w.Tuning != nil {
		interrupts = "the tuning starts over"
	}
	c.warn(field, difference+": "+replaced, interrupts+"; KAITO forbids this change")
}

func wasIs(was, is string) string {
	text := func(s string) string {
		if s == "" {
			return "nothing"
		}
		return s
	}
	return fmt.Sprintf("changed from %s to %s", text(was), text(is))
}

// toggled reports a Workspace that serves where it tuned, or the other way round.
func (c *comparison) toggled(old *workspace.Workspace) {
	kinds := func(w *workspace.Workspace) string {
		if w.Tuning != nil {
			return "the tuning Job"
		}
		return "the StatefulSet and its Services"
	}
	field := "inference"
	if c.w.Tuning != nil {
		field = "tuning"
	}
	interrupts := "the model is no longer served"
	if old.Tuning != nil {
		interrupts = "a running tuning stops"
	}
	c.warn(
		field,
		fmt.Sprintf("%s: syncer replaces %s with %s", wasIs(activity(old), activity(c.w)), kinds(old), kinds(c.w)),
		interrupts+"; KAITO forbids this change",
	)
}

func activity(w *workspace.Workspace) string {
	if w.Tuning != nil {
		return "tuning"
	}
	return "inference"
}

// resourceChanges reports changes of the nodes.
func (c *comparison) resourceChanges(old *workspace.Workspace) {
	was, is := old.Resource, c.w.Resource
	if !strings.EqualFold(size(was), size(is)) {
		c.changed(
			"resource.instanceType",
			wasIs(size(was), size(is)),
			"syncer replaces the pool if the chosen size differs",
		)
	}
	if a, b := number(was.Count), number(is.Count); a != b {
		what := "syncer resizes the pool and the StatefulSet"
		if c.w.PresetName() != "" {
			what = "nothing is replaced, because the number of nodes follows from the model"
		}
		c.warn("resource.count", wasIs(a, b)+": "+what, "KAITO forbids this change")
	}
	if !maps.Equal(selected(was.LabelSelector), selected(is.LabelSelector)) {
		c.changed("resource.labelSelector", "changed", "syncer replaces the pool, because its nodes need the new labels")
	}
	if !reflect.DeepEqual(was.Partition, is.Partition) {
		c.changed("resource.partition", "changed", "syncer replaces all pods of the StatefulSet")
	}
}

func size(r workspace.Resource) string {
	if r.Auto() {
		return "auto"
	}
	return r.InstanceType
}

func number(n *int) string {
	if n == nil {
		return "1"
	}
	return fmt.Sprint(*n)
}

// selected returns the labels that a selector comes down to.
func selected(s *workspace.LabelSelector) map[string]string {
	if s == nil {
		return nil
	}
	out := maps.Clone(s.MatchLabels)
	for _, e := range s.MatchExpressions {
		if out == nil {
			out = map[string]string{}
		}
		out[e.Key] = strings.Join(e.Values, ",")
	}
	return out
}

// inferenceChanges reports changes of what is served.
func (c *comparison) inferenceChanges(old *workspace.Inference) {
	is := c.w.Inference
	switch {
	case (old.Preset == nil) != (is.Preset == nil):
		field := "inference.preset"
		if is.Preset == nil {
			field = "inference.template"
		}
		c.changed(
			field,
			"changed between a preset and a template",
			"syncer replaces the StatefulSet, and the pool if its size changes",
		)
	case is.Preset == nil:
	case old.Preset.Name != is.Preset.Name:
		c.changed(
			"inference.preset.name",
			wasIs(old.Preset.Name, is.Preset.Name),
			"syncer replaces the StatefulSet, and the pool if the model needs another",
		)
	case !reflect.DeepEqual(old.Preset, is.Preset):
		c.changed("inference.preset", "its options changed", "syncer replaces all pods of the StatefulSet")
	}
}

// tuningChanges reports changes of what is tuned.
func (c *comparison) tuningChanges(old *workspace.Tuning) {
	is := c.w.Tuning
	if !reflect.DeepEqual(old.Preset, is.Preset) {
		names := [2]string{}
		for i, p := range []*workspace.PresetSpec{old.Preset, is.Preset} {
			if p != nil {
				names[i] = p.Name
			}
		}
		difference := wasIs(names[0], names[1])
		if names[0] == names[1] {
			difference = "its options changed"
		}
		c.changed("tuning.preset", difference, "syncer replaces the Job, and the pool if the model needs another")
	}
	if !strings.EqualFold(old.Method, is.Method) {
		c.changed("tuning.method", wasIs(old.Method, is.Method), "syncer replaces the Job")
	}
	if old.Input != nil && is.Input != nil && old.Input.Name != is.Input.Name {
		c.changed("tuning.input.name", wasIs(old.Input.Name, is.Input.Name), "syncer replaces the Job")
	}
}
