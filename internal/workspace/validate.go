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

// Validate applies the rules that KAITO's admission has for new Workspaces, and some of syncer's own, without a cluster.
// It looks at every Workspace of the Set, those with errors included.
func Validate(set *Set, catalog Catalog, env Env) []Problem {
	var out []Problem
	examine := func(w *Workspace, rules ...func(*check)) {
		c := &check{w: w, set: set, catalog: catalog, env: env}
		for _, rule := range rules {
			rule(c)
		}
		out = append(out, c.problems...)
	}
	rules := []func(*check){
		(*check).whole, (*check).labels, (*check).annotations, (*check).resource, (*check).inference, (*check).tuning, (*check).memory, (*check).references,
	}
	for i := range set.Workspaces {
		if w := &set.Workspaces[i]; w.InferenceSet == "" {
			examine(w, rules...)
		}
	}
	for i := range set.InferenceSets { // its replicas are all alike, and none may be wanted
		s := &set.InferenceSets[i]
		examine(&s.Template, append([]func(*check){s.check}, rules...)...)
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
	p := Problem{
		Path: at.Path, Line: at.Line, Column: at.Column, Field: c.w.Written(field), Message: message, Hint: hint, Severity: severity, Workspace: c.w.Key,
	}
	if c.w.InferenceSet != "" {
		p.Workspace, p.InferenceSet = Key{}, Key{c.w.Namespace, c.w.InferenceSet}
	}
	c.problems = append(c.problems, p)
}

// fail reports an error, unless it only says that a field is missing beside one that is misspelt: that one is reported already,
// with the name that was meant.
func (c *check) fail(field, message, hint string) {
	misspelt := !c.given(field) && slices.ContainsFunc(c.set.Problems, func(p Problem) bool {
		return p.blocks(c.w) && p.Severity == Error && parent(p.Field) == parent(c.w.Written(field))
	})
	if !misspelt {
		c.add(Error, field, message, hint)
	}
}

func (c *check) warn(field, message, hint string) { c.add(Warning, field, message, hint) }

// given reports whether a field is written in the file at all.
func (c *check) given(field string) bool {
	_, ok := c.w.positions[c.w.Written(field)]
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
	name, longest := w.Name, w.Name
	if w.InferenceSet != "" {
		name = w.InferenceSet
		if i := slices.IndexFunc(c.set.InferenceSets, func(s InferenceSet) bool { return s.Template.Key == w.Key }); i >= 0 {
			longest = replicaName(name, max(c.set.InferenceSets[i].Replicas-1, 0))
		}
	}
	switch {
	case !dns1123Label.MatchString(name):
		c.fail("metadata.name", fmt.Sprintf("%q is not a name", name), "use lower-case letters, digits and dashes, at most 63, with a letter or digit at both ends")
	case w.Inference != nil && len(longest) > maxServedName:
		c.fail("metadata.name", fmt.Sprintf("the name of a served Workspace may have %d characters, %s has %d", maxServedName, longest, len(longest)), "the StatefulSet controller adds eleven for a label, which holds 63")
	}
	switch {
	case w.Inference == nil && w.InferenceSet != "":
		c.fail("inference", "not given", "an InferenceSet serves a model")
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
	case !ok:
		c.fail(field+".name", fmt.Sprintf("preset %q is not known", p.Name), c.unknownPreset(p.Name))
	}
	if a := p.AccessMode; a != "" && a != "public" && a != "private" {
		c.fail(field+".accessMode", fmt.Sprintf("%q is not an access mode", a), "use public or private")
	}
	return found, ok
}

// huggingFaceID is the shape of a model's id on Hugging Face.
var huggingFaceID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)

// unknownPreset says what to do about a model that is not in the catalogue. KAITO would ask Hugging Face about one that has an
// owner; here it is asked once, by a person, and the answer is kept in Git.
func (c *check) unknownPreset(name string) string {
	suggestion := ""
	if s := c.catalog.Suggest(name); s != "" {
		suggestion = fmt.Sprintf("did you mean %q?", s)
	}
	if !huggingFaceID.MatchString(name) {
		if suggestion == "" {
			return "see: syncer presets list"
		}
		return suggestion
	}
	add := fmt.Sprintf("add it to the repository: syncer presets add %s presets", name)
	if suggestion != "" {
		return suggestion + " Otherwise " + add
	}
	return add
}

// transformers reports whether the Workspace asks for the transformers runtime; anything else is vLLM.
func (w *Workspace) transformers() bool {
	return w.Annotations[AnnotationRuntime] == string(preset.Transformers)
}
