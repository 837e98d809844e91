// SPDX-License-Identifier: Apache-2.0

package dependency

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// Check returns what is wrong with the annotations of a Set, and with what waits for itself. The replicas of an
// InferenceSet are all alike, and are checked once.
func Check(set *workspace.Set) []diag.Diagnostic {
	c := checks{Index: In(set), set: set}
	c.cycles = c.Cycles()
	for i := range set.Workspaces {
		if w := &set.Workspaces[i]; w.InferenceSet == "" {
			c.check(w)
		}
	}
	for i := range set.InferenceSets {
		c.check(&set.InferenceSets[i].Template)
	}
	return c.out
}

type checks struct {
	*Index
	set    *workspace.Set
	cycles map[workspace.Key][]workspace.Key
	out    []diag.Diagnostic
}

func (c *checks) fail(w *workspace.Workspace, reason diag.Reason, field, message, hint string) {
	d := diag.Errorf(reason, "%s", message).On(w.Written(field)).Placed(w.At(field)).Suggest(hint)
	if d.Workspace = w.Key; w.InferenceSet != "" {
		d.Workspace, d.InferenceSet = workspace.Key{}, workspace.Key{Namespace: w.Namespace, Name: w.InferenceSet}
	}
	c.out = append(c.out, d)
}

func (c *checks) check(w *workspace.Workspace) {
	named, invalid := Named(w)
	for _, text := range invalid {
		c.fail(w, diag.InvalidValue, field, fmt.Sprintf("%q is not the name of a Workspace", text),
			"write NAME, or NAMESPACE/NAME for another namespace, separated by commas")
	}
	if n := len(named); n > most {
		c.fail(w, diag.OutOfRange, field, fmt.Sprintf("names %d Workspaces, and may name %d", n, most),
			"name only those that must be done first")
		return
	}
	for _, dep := range named {
		if c.Find(dep.Key) == nil && c.set.MayHold(dep.Key.Name) == "" {
			c.fail(w, diag.UnknownDependency, field, fmt.Sprintf("there is no Workspace %s", dep.Key), c.hint(dep.Key))
		}
	}
	way := c.cycles[w.Key]
	if way == nil {
		return
	}
	names, at := make([]string, len(way)), field
	for i, k := range way {
		names[i] = k.String()
	}
	for _, dep := range c.Of(w) {
		if dep.Key == way[1] {
			at = dep.Field
			break
		}
	}
	c.fail(w, diag.DependencyCycle, at, "waits for itself: "+strings.Join(names, " -> "),
		"remove one of these dependencies, so that a Workspace can go first")
}

// hint says which Workspace was meant, if one has a name that is nearly the same.
func (c *checks) hint(k workspace.Key) string {
	known := make([]string, 0, len(c.set.Workspaces))
	for i := range c.set.Workspaces {
		known = append(known, c.set.Workspaces[i].Key.String())
	}
	if meant := strictyaml.Suggest(k.String(), known); meant != "" {
		return fmt.Sprintf("did you mean %q?", meant)
	}
	return "name a Workspace of the source, or remove the name; validate looks only at the paths that it is given"
}
