package workspace

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Changes compares two states of a repository, and warns about each change that KAITO's admission forbids. A Git reconciler can
// make it, but something is replaced, and what runs is interrupted; the warning says what. Workspaces that are only in one of the
// two are not looked at: nothing of theirs is replaced.
//
// The Problems are warnings at the changed fields of the new state, sorted by place.
func Changes(before, after *Set) []Problem {
	var out []Problem
	for i := range after.Workspaces {
		w := &after.Workspaces[i]
		if old := before.Find(w.Key); old != nil {
			c := &check{w: w, set: after}
			c.changes(old)
			out = append(out, c.problems...)
		}
	}
	slices.SortFunc(out, Problem.Compare)
	return slices.Compact(out) // all replicas of an InferenceSet change alike
}

// changes reports what differs from old.
func (c *check) changes(old *Workspace) {
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
			c.warn("tuning", "its inputs are not what they were: the Job is replaced", "the tuning starts over")
		}
	}
	if was, is := old.Annotations[annotationNodeClass], w.Annotations[annotationNodeClass]; was != is {
		c.changed("metadata.annotations."+annotationNodeClass, wasIs(was, is), "where Karpenter creates nodes, they are replaced")
	}
}

// changed warns about one change: how the field differs, and what is replaced.
func (c *check) changed(field, difference, replaced string) {
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
	return fmt.Sprintf("was %s, is %s", text(was), text(is))
}

// toggled reports a Workspace that serves where it tuned, or the other way round.
func (c *check) toggled(old *Workspace) {
	kinds := func(w *Workspace) string {
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
		interrupts = "a tuning that runs is given up"
	}
	c.warn(field, fmt.Sprintf("%s: %s replaced by %s", wasIs(activity(old), activity(c.w)), kinds(old), kinds(c.w)), interrupts+"; KAITO forbids this change")
}

func activity(w *Workspace) string {
	if w.Tuning != nil {
		return "tuning"
	}
	return "inference"
}

// resourceChanges reports changes of the nodes.
func (c *check) resourceChanges(old *Workspace) {
	was, is := old.Resource, c.w.Resource
	if !strings.EqualFold(size(was), size(is)) {
		c.changed("resource.instanceType", wasIs(size(was), size(is)), "the pool is replaced, if the size that is chosen is another one")
	}
	if a, b := number(was.Count), number(is.Count); a != b {
		what := "the pool and the StatefulSet are resized"
		if c.w.PresetName() != "" {
			what = "how many nodes there are follows from the model, so that nothing is replaced"
		}
		c.warn("resource.count", wasIs(a, b)+": "+what, "KAITO forbids this change")
	}
	if !maps.Equal(selected(was.LabelSelector), selected(is.LabelSelector)) {
		c.changed("resource.labelSelector", "is not what it was", "the pool is replaced, since its nodes need the new labels")
	}
	if !reflect.DeepEqual(was.Partition, is.Partition) {
		c.changed("resource.partition", "is not what it was", "all pods of the StatefulSet are replaced")
	}
}

func size(r Resource) string {
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
func selected(s *LabelSelector) map[string]string {
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
func (c *check) inferenceChanges(old *Inference) {
	is := c.w.Inference
	switch {
	case (old.Preset == nil) != (is.Preset == nil):
		field := "inference.preset"
		if is.Preset == nil {
			field = "inference.template"
		}
		c.changed(field, "what is served comes from a preset on one side, and from a template on the other", "the StatefulSet is replaced, and maybe the pool")
	case is.Preset == nil:
	case old.Preset.Name != is.Preset.Name:
		c.changed("inference.preset.name", wasIs(old.Preset.Name, is.Preset.Name), "the StatefulSet is replaced, and the pool if the model needs another")
	case !reflect.DeepEqual(old.Preset, is.Preset):
		c.changed("inference.preset", "its options are not what they were", "all pods of the StatefulSet are replaced")
	}
}

// tuningChanges reports changes of what is tuned.
func (c *check) tuningChanges(old *Tuning) {
	is := c.w.Tuning
	if !reflect.DeepEqual(old.Preset, is.Preset) {
		names := [2]string{}
		for i, p := range []*PresetSpec{old.Preset, is.Preset} {
			if p != nil {
				names[i] = p.Name
			}
		}
		difference := wasIs(names[0], names[1])
		if names[0] == names[1] {
			difference = "its options are not what they were"
		}
		c.changed("tuning.preset", difference, "the Job is replaced, and the pool if the model needs another")
	}
	if !strings.EqualFold(old.Method, is.Method) {
		c.changed("tuning.method", wasIs(old.Method, is.Method), "the Job is replaced")
	}
	if old.Input != nil && is.Input != nil && old.Input.Name != is.Input.Name {
		c.changed("tuning.input.name", wasIs(old.Input.Name, is.Input.Name), "the Job is replaced")
	}
}
