package workspace

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
)

// DefaultInstanceType is the CRD's default in v1alpha1; v1beta1 has none.
const DefaultInstanceType = "Standard_NC24ads_A100_v4"

// workspace decodes one Workspace. Errors block it alone, as long as its name can be read.
func (l *loader) workspace(at Position, n *yaml.Node, h header, prefix string) {
	key := Key{Namespace: h.Namespace, Name: h.Name}
	if key.Namespace == "" {
		key.Namespace = l.options.DefaultNamespace
	}
	report := func(severity Severity, line, column int, field, message, hint string) {
		if prefix != "" {
			line, column = at.Line, at.Column
		}
		l.set.Problems = append(l.set.Problems, Problem{
			Path: at.Path, Line: line, Column: column, Field: field, Message: prefix + message, Hint: hint,
			Severity: severity, Workspace: key,
		})
	}
	doc, positions, errs := decodeDocument(n)
	for _, e := range errs {
		report(Error, e.Line, e.Column, e.Field, e.Message, cmp.Or(oldField(e.Field), e.Hint))
	}
	w := doc.workspace()
	w.Key, w.Source = key, at
	w.positions = placed(positions, at, prefix)
	say := func(severity Severity, field, message, hint string) {
		p := w.At(field)
		report(severity, p.Line, p.Column, field, message, hint)
	}
	warn := func(field, message, hint string) { say(Warning, field, message, hint) }
	l.version(h, "Workspace", say)
	l.ignored(positions, say)
	if h.APIVersion == V1alpha1 {
		l.alpha(&w, warn)
	}
	if h.Name == "" {
		l.broken(at.Path, Problem{Line: at.Line, Column: at.Column, Field: "metadata.name", Message: prefix + "not given"})
		return
	}
	if !l.allowed(key.Namespace) {
		say(Error, "metadata.namespace", l.refusal(key.Namespace), "")
	}
	l.set.Workspaces = append(l.set.Workspaces, w)
}

// oldField returns what became of a field that older files have, or "".
func oldField(field string) string {
	switch field {
	case "spec":
		return "a Workspace has no spec: resource, inference and tuning stand at the top level"
	case "resource.mig", "spec.template.resource.mig":
		return "write partition: {mode: mig, profile: ...}"
	case "inference.preset.modelAccessSecret", "spec.template.inference.preset.modelAccessSecret":
		return "it stands in presetOptions"
	}
	return ""
}

// sayer reports something about a field of one document.
type sayer = func(severity Severity, field, message, hint string)

// version refuses API versions that are not known.
func (l *loader) version(h header, kind string, say sayer) {
	if h.APIVersion != V1alpha1 && h.APIVersion != V1beta1 {
		say(Error, "apiVersion", fmt.Sprintf("version %q of %s is not known", h.APIVersion, kind), "use "+V1beta1+" or "+V1alpha1)
	}
}

// ignored warns about what a file dumped from a cluster brings along.
func (l *loader) ignored(positions strictyaml.Positions, say sayer) {
	if _, ok := positions["status"]; ok {
		say(Warning, "status", "is not read from a file", "remove it")
	}
	if field := serverSet(positions); field != "" {
		say(Warning, field, "is set by the API server, and is ignored", "remove it")
	}
}

// alpha applies what the CRD does to v1alpha1: it has a default size, and drops fields that only v1beta1 knows.
func (l *loader) alpha(w *Workspace, warn func(field, message, hint string)) {
	if w.Resource.InstanceType == "" {
		w.Resource.InstanceType = DefaultInstanceType
	}
	if w.Resource.Partition != nil {
		w.Resource.Partition = nil
		warn("resource.partition", "is not known in v1alpha1, and is ignored", "use apiVersion "+V1beta1)
	}
	for field, p := range map[string]*PresetSpec{"inference": w.inferencePreset(), "tuning": w.tuningPreset()} {
		if p != nil && p.Options.ModelAccessSecret != "" {
			p.Options.ModelAccessSecret = ""
			warn(field+".preset.presetOptions.modelAccessSecret", "is not known in v1alpha1, and is ignored", "use apiVersion "+V1beta1)
		}
	}
}

func (w *Workspace) inferencePreset() *PresetSpec {
	if w.Inference == nil {
		return nil
	}
	return w.Inference.Preset
}

func (w *Workspace) tuningPreset() *PresetSpec {
	if w.Tuning == nil {
		return nil
	}
	return w.Tuning.Preset
}

// placed returns where fields are told to be: the output of a kustomization has positions that mean nothing to its author.
func placed(positions strictyaml.Positions, at Position, prefix string) strictyaml.Positions {
	if prefix != "" {
		for field := range positions {
			positions[field] = strictyaml.Position{Line: at.Line, Column: at.Column}
		}
	}
	return positions
}

// serverSet returns the first metadata field that only the API server sets, or "".
func serverSet(positions strictyaml.Positions) string {
	for _, name := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "ownerReferences", "finalizers", "selfLink", "generateName"} {
		if _, ok := positions["metadata."+name]; ok {
			return "metadata." + name
		}
	}
	return ""
}

// defaults takes the names of KAITO's own default ConfigMaps for no name: KAITO's samples give them, and syncer renders what is in
// them. A ConfigMap of such a name that is in the repository is the user's own.
func (w *Workspace) defaults(objects []Object) {
	own := func(name string) bool { return findConfigMap(objects, w.Namespace, name) != nil }
	if t := w.Tuning; t != nil && t.Config == strings.ToLower(t.Method)+"-params-template" && !own(t.Config) {
		t.Config = ""
	}
	if in := w.Inference; in != nil && in.Config == defaultInferenceConfig && !own(in.Config) {
		in.Config = ""
	}
}

// finish puts everything in order, and computes digests. Of Workspaces with the same name the first stays in the Set, blocked.
func (l *loader) finish() {
	s := l.set
	slices.SortStableFunc(s.Workspaces, func(a, b Workspace) int { return a.Key.Compare(b.Key) })
	s.Workspaces = slices.CompactFunc(s.Workspaces, func(a, b Workspace) bool { return a.Key == b.Key })
	slices.SortStableFunc(s.InferenceSets, func(a, b InferenceSet) int { return a.Key.Compare(b.Key) })
	slices.SortStableFunc(s.Objects, func(a, b Object) int { return strings.Compare(a.order(), b.order()) })
	for i := range s.Workspaces {
		s.Workspaces[i].defaults(s.Objects)
		s.Workspaces[i].Digest = digest(&s.Workspaces[i], s.Objects)
	}
	slices.Sort(s.Broken)
	slices.SortFunc(s.Problems, Problem.Compare)
}
