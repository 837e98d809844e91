// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// Catalog finds presets by any of their names.
type Catalog interface {
	Lookup(name string) (preset.Preset, bool)
	// Suggest returns the name that an unknown one is most likely a misspelling of, or "".
	Suggest(name string) string
}

// Validate applies the rules that KAITO's admission has for new Workspaces, and some of syncer's own, without a
// cluster. It looks at every Workspace of the Set, those with errors included.
func Validate(set *workspace.Set, catalog Catalog, env workspace.Env) []diag.Diagnostic {
	var m *Memo
	return m.Validate(set, catalog, env)
}

// rules are those of each Workspace, in the order in which they are applied.
var rules = []func(*check){
	(*check).whole, (*check).labels, (*check).annotations, (*check).resource,
	(*check).inference, (*check).template, (*check).tuning, (*check).memory, (*check).references,
}

// check is the examination of one Workspace.
type check struct {
	w       *workspace.Workspace
	set     *workspace.Set
	catalog Catalog
	env     workspace.Env
	// memo holds what was found in texts of ConfigMaps, which many Workspaces may name.
	memo     map[string][]diag.Diagnostic
	problems []diag.Diagnostic
	errors   int // among problems
}

// maxErrors bounds the errors of one Workspace that are reported: a reader cannot use more.
const maxErrors = 100

func (c *check) add(severity diag.Severity, reason diag.Reason, field, message, hint string) {
	c.problems = append(c.problems, c.w.Problem(severity, reason, field, message, hint))
}

// fail reports an error, unless it only says that a field is missing beside one that is misspelt: that one is reported
// already, with the name that was meant.
func (c *check) fail(reason diag.Reason, field, message, hint string) {
	if c.errors >= maxErrors {
		return
	}
	misspelt := !c.given(field) && slices.ContainsFunc(c.set.Problems, func(p diag.Diagnostic) bool {
		return workspace.Concerns(p, c.w) && p.Severity == diag.Error &&
			workspace.ParentField(p.Field) == workspace.ParentField(c.w.Written(field))
	})
	if !misspelt {
		c.errors++
		c.add(diag.Error, reason, field, message, hint)
	}
}

func (c *check) warn(reason diag.Reason, field, message, hint string) {
	c.add(diag.Warning, reason, field, message, hint)
}

// given reports whether a field is written in the file at all.
func (c *check) given(field string) bool {
	_, ok := c.w.Positions[c.w.Written(field)]
	return ok
}

// whole checks the Workspace as a whole.
func (c *check) whole() {
	w := c.w
	name, longest := w.Name, w.Name
	if w.InferenceSet != "" {
		name = w.InferenceSet
		made := func(s workspace.InferenceSet) bool { return s.Template.Key == w.Key }
		if i := slices.IndexFunc(c.set.InferenceSets, made); i >= 0 {
			longest = workspace.ReplicaName(name, max(c.set.InferenceSets[i].Replicas-1, 0))
		}
	}
	switch {
	case len(validation.IsDNS1123Label(name)) > 0:
		c.fail(
			diag.InvalidName,
			"metadata.name",
			fmt.Sprintf("%q is not a valid name", name),
			"use lower-case letters, digits and dashes, at most 63, with a letter or digit at both ends",
		)
	case w.Inference != nil && len(longest) > workspace.MaxServedName:
		c.fail(
			diag.InvalidName,
			"metadata.name",
			fmt.Sprintf(
				"must have at most %d characters for a served Workspace, but %s has %d",
				workspace.MaxServedName,
				longest,
				len(longest),
			),
			"shorten it: the StatefulSet controller adds eleven characters, and a label holds 63",
		)
	}
	switch {
	case w.Inference == nil && w.InferenceSet != "":
		c.fail(diag.RequiredField, "inference", "is required", "name the model that the InferenceSet serves")
	case w.Inference == nil && w.Tuning == nil:
		c.fail(
			diag.RequiredField,
			"",
			"the Workspace has neither inference nor tuning",
			"add inference to serve a model, or tuning to tune one",
		)
	case w.Inference != nil && w.Tuning != nil:
		c.fail(diag.ConflictingFields, "tuning", "cannot be combined with inference", "split it into two Workspaces")
	}
}

// lookup finds a preset, and reports one that is not known.
func (c *check) lookup(p *workspace.PresetSpec, field string) (preset.Preset, bool) {
	found, ok := c.catalog.Lookup(p.Name)
	switch {
	case p.Name == "":
		c.fail(diag.RequiredField, field+".name", "is required", "see: syncer presets list")
	case ok && found.Deprecated != "":
		c.fail(diag.DeprecatedPreset, field+".name", fmt.Sprintf("preset %s: %s", p.Name, found.Deprecated), "")
		return found, false
	case !ok:
		c.fail(diag.UnknownPreset, field+".name", fmt.Sprintf("preset %q is not known", p.Name), c.unknownPreset(p.Name))
	}
	if a := p.AccessMode; a != "" && a != "public" && a != "private" {
		message := fmt.Sprintf("%q is not a valid access mode", a)
		c.fail(diag.InvalidValue, field+".accessMode", message, "use public or private")
	}
	return found, ok
}

// huggingFaceID is the shape of a model's id on Hugging Face.
var huggingFaceID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)

// unknownPreset says what to do about a model that is not in the catalogue. KAITO would ask Hugging Face about one that
// has an owner; here it is asked once, by a person, and the answer is kept in Git.
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
