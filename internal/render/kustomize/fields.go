// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/strictyaml"
)

// A fieldCheck allows or refuses the value of one field of a kustomization, and checks the files it refers to.
type fieldCheck func(val *validator, at Location, v *yaml.Node) error

// Location is a file and a field in it, for diagnostics.
type Location struct {
	File  string
	field string
}

// In returns the location of a part of the field.
func (p Location) In(format string, args ...any) Location {
	return Location{p.File, p.field + fmt.Sprintf(format, args...)}
}

// Refuse returns a diagnostic at the position of a node.
func (p Location) Refuse(n *yaml.Node, reason diag.Reason, hint, format string, args ...any) error {
	return refuse(p.File, reason, format, args...).On(p.field).At(n.Line, n.Column).Suggest(hint)
}

// fieldCheckOf returns the check of a field, or nil for a field that is not allowed. The list is complete: a field that
// a new version of Kustomize brings is refused until it is added here.
func fieldCheckOf(field string) fieldCheck {
	switch field {
	case "apiVersion", "kind", "metadata", "namespace", "namePrefix", "nameSuffix", "labels", "commonLabels",
		"commonAnnotations", "images", "replicas", "generatorOptions", "sortOptions":
		return allowAny
	case "resources":
		return each(fileOrFolder)
	case "bases", "components":
		return each(folderOnly)
	case "patches", "patchesJson6902":
		return each(keys("path", "patch", "target", "options"))
	case "patchesStrategicMerge":
		return each(fileOrInline)
	case "replacements":
		return each(replacement)
	case "configMapGenerator":
		return each(generator)
	}
	return nil
}

// reasons hold the reason for refusing a well-known field, and a hint.
var reasons = map[string][2]string{
	"helmCharts":                  {"Helm runs a program", "render the chart and commit the result"},
	"helmGlobals":                 {"Helm runs a program", "render the chart and commit the result"},
	"helmChartInflationGenerator": {"Helm runs a program", "render the chart and commit the result"},
	"generators":                  {"a plugin runs a program", "commit what it generates"},
	"transformers":                {"a plugin runs a program", "use patches, labels or replacements"},
	"validators":                  {"a plugin runs a program", "validate in your pipeline"},
	"configurations":              {"it changes how Kustomize reads every object", ""},
	"openapi":                     {"it changes how Kustomize reads every object, in all builds", "use a JSON patch"},
	"crds":                        {"it changes how Kustomize reads every object", "use replacements"},
	"vars":                        {"Kustomize has replaced it", "use replacements"},
	"imageTags":                   {"Kustomize has replaced it", "use images"},
	"buildMetadata":               {"it changes the objects whenever a file moves", ""},
	"secretGenerator": {
		"every user who can read the repository can read its secrets, also in its history",
		"commit an ExternalSecret or a SealedSecret",
	},
}

// checkFields checks a kustomization field by field.
func (val *validator) checkFields(file string, n *yaml.Node) error {
	at := Location{File: file}
	if n.Kind != yaml.MappingNode {
		return at.Refuse(n, diag.InvalidKustomization, "", "not a kustomization")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := Location{file, key.Value}
		check := fieldCheckOf(key.Value)
		if check == nil || key.Kind != yaml.ScalarNode {
			reason := reasons[key.Value]
			if reason[0] == "" {
				reason[0] = "Kustomize does not have this field, or it is not known to be harmless"
			}
			return at.Refuse(key, diag.FieldNotAllowed, reason[1], "is not allowed: %s", reason[0])
		}
		val.Fields[key.Value] = true
		if err := check(val, at, resolve(value)); err != nil {
			return err
		}
		if err := val.checkItems(at, resolve(value)); err != nil {
			return err
		}
	}
	return nil
}

// resolve returns the node that an alias refers to, and any other node as it is.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func allowAny(*validator, Location, *yaml.Node) error { return nil }

// each applies a check to the items of a list.
func each(check fieldCheck) fieldCheck {
	return func(val *validator, at Location, v *yaml.Node) error {
		if v.Tag == "!!null" {
			return nil
		}
		if v.Kind != yaml.SequenceNode {
			return at.Refuse(v, diag.WrongType, "", "not a list")
		}
		for i, item := range v.Content {
			if err := check(val, at.In("[%d]", i), resolve(item)); err != nil {
				return err
			}
		}
		return nil
	}
}

// keys allows a mapping with these keys and no others, and checks the file of its path and its inline patch. Kustomize
// ignores the case of keys, so a key in another case must not pass.
func keys(names ...string) fieldCheck {
	return func(val *validator, at Location, v *yaml.Node) error {
		if v.Kind != yaml.MappingNode {
			return at.Refuse(v, diag.WrongType, "", "not a mapping")
		}
		for i := 0; i+1 < len(v.Content); i += 2 {
			key, value := v.Content[i], resolve(v.Content[i+1])
			at := at.In(".%s", key.Value)
			if !slices.Contains(names, key.Value) {
				return at.Refuse(key, diag.FieldNotAllowed, "it may have "+strings.Join(names, ", "), "is not allowed")
			}
			var err error
			switch key.Value {
			case "path":
				err = fileOnly(val, at, value)
			case "patch":
				err = val.inline(at, value)
			case "target":
				val.target(value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// replacement allows an inline replacement, or the file of one.
func replacement(val *validator, at Location, v *yaml.Node) error {
	if err := keys("path", "source", "targets")(val, at, v); err != nil {
		return err
	}
	for i := 0; i+1 < len(v.Content); i += 2 {
		if v.Content[i].Value != "path" {
			continue
		}
		name, err := val.local(at, resolve(v.Content[i+1]))
		if err != nil {
			return err
		}
		docs, err := Documents(name, val.Files[name])
		if err != nil {
			return err
		}
		for _, doc := range docs {
			doc, errs := strictyaml.Expand(doc)
			if len(errs) > 0 {
				return errs[0].In(name)
			}
			if err := val.checkSelectors(Location{name, "replacement"}, doc); err != nil {
				return err
			}
		}
	}
	return nil
}

// generator allows the files of a generated ConfigMap. They are data: Kustomize does not interpret them.
func generator(val *validator, at Location, v *yaml.Node) error {
	if v.Kind != yaml.MappingNode {
		return at.Refuse(v, diag.WrongType, "", "not a mapping")
	}
	val.sum.objects++
	data := func(val *validator, at Location, v *yaml.Node) error {
		spec := *v
		if key, file, ok := strings.Cut(v.Value, "="); ok && strings.HasSuffix(at.field, "]") &&
			strings.Contains(at.field, ".files[") {
			if key == "" {
				return at.Refuse(v, diag.InvalidPath, "", "no name before the equals sign")
			}
			spec.Value = file
		}
		file, err := val.local(at, &spec)
		if err != nil {
			return err
		}
		text, err := val.read(file)
		if err != nil {
			return val.missing(at, &spec, err)
		}
		if strictyaml.IsPointer(text) {
			return at.Refuse(v, diag.LFSPointer, "keep the file out of LFS",
				"%s is a pointer of Git LFS, not the file itself", file)
		}
		val.data[file] = true
		val.longest = max(val.longest, len(text))
		return nil
	}
	for i := 0; i+1 < len(v.Content); i += 2 {
		key, value := v.Content[i], resolve(v.Content[i+1])
		at := at.In(".%s", key.Value)
		var err error
		switch key.Value {
		case "name", "namespace", "behavior", "literals", "options":
		case "files", "envs":
			err = each(data)(val, at, value)
		case "env":
			err = data(val, at, value)
		default:
			err = at.Refuse(key, diag.FieldNotAllowed, "", "is not allowed")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func fileOrFolder(val *validator, at Location, v *yaml.Node) error {
	name, err := val.local(at, v)
	if err != nil {
		return err
	}
	info, err := fs.Stat(val.fsys, name)
	switch {
	case err != nil:
		return val.missing(at, v, err)
	case info.IsDir():
		return val.checkFolder(name)
	case files.Why(info) != "":
		return at.Refuse(v, diag.FileNotFound, "copy the files into the repository", "%s %s", name, files.Why(info))
	case IsKustomization(path.Base(name)):
		return at.Refuse(v, diag.InvalidPath, "name its folder", "a kustomization is not an object")
	}
	docs, err := val.yamlFile(name)
	val.sum.objects += len(docs)
	return err
}

func folderOnly(val *validator, at Location, v *yaml.Node) error {
	name, err := val.local(at, v)
	if err != nil {
		return err
	}
	info, err := fs.Stat(val.fsys, name)
	if err != nil {
		return val.missing(at, v, err)
	}
	if why := files.Why(info); why != "" {
		return at.Refuse(v, diag.FileNotFound, "copy the files into the repository", "%s %s", name, why)
	}
	if !info.IsDir() {
		return at.Refuse(v, diag.InvalidPath, "", "not a folder")
	}
	return val.checkFolder(name)
}

// fileOrInline checks a patch that is either the name of a file or the patch itself.
func fileOrInline(val *validator, at Location, v *yaml.Node) error {
	if strings.Contains(v.Value, "\n") {
		return val.inline(at, v)
	}
	return fileOnly(val, at, v)
}

func fileOnly(val *validator, at Location, v *yaml.Node) error {
	name, err := val.local(at, v)
	if err != nil {
		return err
	}
	if _, err := val.yamlFile(name); err != nil {
		return val.missing(at, v, err)
	}
	val.sum.text += len(val.Files[name])
	return nil
}

// inline checks YAML in a string.
func (val *validator) inline(at Location, v *yaml.Node) error {
	if v.Kind != yaml.ScalarNode {
		return at.Refuse(v, diag.WrongType, "", "not a text")
	}
	docs, err := Documents(at.File, []byte(v.Value))
	if err != nil {
		return at.Refuse(v, diag.SyntaxError, "", "%v", err)
	}
	for _, doc := range docs {
		val.collectWords(doc)
	}
	return nil
}

// target records whether a patch selects objects by more than their kind.
func (val *validator) target(v *yaml.Node) {
	for i := 0; i+1 < len(v.Content); i += 2 {
		if !slices.Contains([]string{"group", "version", "kind"}, v.Content[i].Value) {
			val.Selects = true
		}
	}
}

// missing turns "file not found" into a diagnostic at the node that names the file.
func (val *validator) missing(p Location, n *yaml.Node, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if at, why := files.Blocked(val.fsys, path.Join(path.Dir(p.File), n.Value)); why != "" {
		return p.Refuse(n, diag.FileNotFound, "copy the files into the repository", "%s %s", at, why)
	}
	return p.Refuse(
		n,
		diag.FileNotFound,
		"only files of this repository can be used",
		"%q does not exist in the repository",
		n.Value,
	)
}
