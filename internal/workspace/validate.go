package workspace

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/preset"
)

// Catalog finds presets by any of their names.
type Catalog interface {
	Lookup(name string) (preset.Preset, bool)
	// Suggest returns the name that an unknown one is most likely a misspelling of, or "".
	Suggest(name string) string
}

// Env is what the rules of admission depend on besides the files. The zero value is a cluster for which syncer creates nodes.
type Env struct {
	// Brought says that nodes are brought, and not created (capacity.mode: byo).
	Brought bool
	// AnySize accepts sizes of other clouds than Azure (capacity.mode: karpenter).
	AnySize bool
	// ClosedWorld says that the ConfigMaps of the Set are all there are. Otherwise one that is missing may be in the cluster.
	ClosedWorld bool
}

// Validate applies the rules that KAITO's admission has for new Workspaces, and some of syncer's own, without a cluster.
// It looks at every Workspace of the Set, those with errors included.
func Validate(set *Set, catalog Catalog, env Env) []Problem {
	var out []Problem
	for i := range set.Workspaces {
		c := &check{w: &set.Workspaces[i], set: set, catalog: catalog, env: env}
		for _, rule := range []func(*check){
			(*check).whole, (*check).annotations, (*check).resource, (*check).inference, (*check).tuning,
		} {
			rule(c)
		}
		out = append(out, c.problems...)
	}
	slices.SortFunc(out, Problem.Compare)
	return out
}

// check is the examination of one Workspace.
type check struct {
	w        *Workspace
	set      *Set
	catalog  Catalog
	env      Env
	problems []Problem
}

func (c *check) add(severity Severity, field, message, hint string) {
	at := c.w.At(field)
	c.problems = append(c.problems, Problem{
		Path: at.Path, Line: at.Line, Column: at.Column, Field: field, Message: message, Hint: hint, Severity: severity, Workspace: c.w.Key,
	})
}

// fail reports an error, unless it only says that a field is missing beside one that is misspelt: that one is reported already,
// with the name that was meant.
func (c *check) fail(field, message, hint string) {
	misspelt := !c.given(field) && slices.ContainsFunc(c.set.Problems, func(p Problem) bool {
		return p.Workspace == c.w.Key && p.Severity == Error && parent(p.Field) == parent(field)
	})
	if !misspelt {
		c.add(Error, field, message, hint)
	}
}

func (c *check) warn(field, message, hint string) { c.add(Warning, field, message, hint) }

// given reports whether a field is written in the file at all.
func (c *check) given(field string) bool {
	_, ok := c.w.positions[field]
	return ok
}

// parent returns the path of the field that a field is in.
func parent(field string) string {
	i := strings.LastIndexAny(field, ".[")
	return field[:max(i, 0)]
}

// dns1123Label and dns1123Subdomain are the names that Kubernetes accepts.
var (
	dns1123Label     = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	dns1123Subdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
)

// maxServedName is the longest name of a served Workspace: the StatefulSet controller puts it, with a hash of eleven more
// characters, into a label of 63.
const maxServedName = 52

// whole checks the Workspace as a whole.
func (c *check) whole() {
	w := c.w
	switch {
	case !dns1123Label.MatchString(w.Name):
		c.fail("metadata.name", fmt.Sprintf("%q is not a name", w.Name), "use lower-case letters, digits and dashes, at most 63, with a letter or digit at both ends")
	case w.Inference != nil && len(w.Name) > maxServedName:
		c.fail("metadata.name", fmt.Sprintf("the name of a served Workspace may have %d characters, this has %d", maxServedName, len(w.Name)), "the StatefulSet controller adds eleven for a label, which holds 63")
	}
	switch {
	case w.Inference == nil && w.Tuning == nil:
		c.fail("", "neither inference nor tuning is given", "a Workspace either serves a model or tunes one")
	case w.Inference != nil && w.Tuning != nil:
		c.fail("tuning", "both inference and tuning are given", "make two Workspaces of it")
	}
}

// lookup finds a preset, and reports one that is not known.
func (c *check) lookup(p *PresetSpec, field string) (preset.Preset, bool) {
	found, ok := c.catalog.Lookup(p.Name)
	switch {
	case p.Name == "":
		c.fail(field+".name", "no preset is named", "see: syncer presets list")
	case ok && found.Deprecated != "":
		c.fail(field+".name", fmt.Sprintf("preset %s: %s", p.Name, found.Deprecated), "")
		return found, false
	case !ok && c.catalog.Suggest(p.Name) != "":
		c.fail(field+".name", fmt.Sprintf("preset %q is not known", p.Name), fmt.Sprintf("did you mean %q?", c.catalog.Suggest(p.Name)))
	case !ok:
		c.fail(field+".name", fmt.Sprintf("preset %q is not known", p.Name), "see: syncer presets list; a model of your own goes under presets/models")
	}
	if a := p.AccessMode; a != "" && a != "public" && a != "private" {
		c.fail(field+".accessMode", fmt.Sprintf("%q is not an access mode", a), "use public or private")
	}
	return found, ok
}

// transformers reports whether the Workspace asks for the transformers runtime; anything else is vLLM.
func (w *Workspace) transformers() bool {
	return w.Annotations[AnnotationRuntime] == string(preset.Transformers)
}
