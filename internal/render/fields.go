package render

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A reader lets what one field of a kustomization refers to pass.
type reader func(g *gateway, at place, v *yaml.Node) error

// place is where in a kustomization something is written.
type place struct {
	file  string
	field string
}

func (p place) in(format string, args ...any) place {
	return place{p.file, p.field + fmt.Sprintf(format, args...)}
}

func (p place) refuse(n *yaml.Node, hint, format string, args ...any) error {
	return &Refusal{Path: p.file, Line: n.Line, Column: n.Column, Field: p.field, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// readerOf returns the reader of a field, or nil for a field that is refused. These are all that a kustomization may have.
func readerOf(field string) reader {
	switch field {
	case "apiVersion", "kind", "metadata", "namespace", "namePrefix", "nameSuffix", "labels", "commonLabels",
		"commonAnnotations", "images", "replicas", "generatorOptions", "sortOptions":
		return harmless
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

// reasons say why well-known fields are refused.
var reasons = map[string][2]string{
	"helmCharts":                  {"Helm runs a program", "render the chart and commit the result"},
	"helmGlobals":                 {"Helm runs a program", "render the chart and commit the result"},
	"helmChartInflationGenerator": {"Helm runs a program", "render the chart and commit the result"},
	"generators":                  {"a plugin runs a program", "commit what it generates"},
	"transformers":                {"a plugin runs a program", "use patches, labels or replacements"},
	"validators":                  {"a plugin runs a program", "validate in your pipeline"},
	"configurations":              {"changes how Kustomize reads every object", ""},
	"openapi":                     {"changes how Kustomize reads every object, in all builds", "use a JSON patch"},
	"crds":                        {"changes how Kustomize reads every object", "use replacements"},
	"vars":                        {"was replaced in Kustomize", "use replacements"},
	"imageTags":                   {"was replaced in Kustomize", "use images"},
	"buildMetadata":               {"would change the objects with every move of a file", ""},
	"secretGenerator":             {"a secret in Git can be read by everybody who can read the repository, for ever", "commit an ExternalSecret or a SealedSecret"},
}

// kustomization lets a kustomization pass, field by field.
func (g *gateway) kustomization(file string, n *yaml.Node) error {
	at := place{file: file}
	if n.Kind != yaml.MappingNode {
		return at.refuse(n, "", "not a kustomization")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := place{file, key.Value}
		read := readerOf(key.Value)
		if read == nil || key.Kind != yaml.ScalarNode {
			reason := reasons[key.Value]
			if reason[0] == "" {
				reason[0] = "unknown to Kustomize, or not known to be harmless"
			}
			return at.refuse(key, reason[1], "is not allowed: %s", reason[0])
		}
		g.fields[key.Value] = true
		if err := read(g, at, resolve(value)); err != nil {
			return err
		}
		if err := g.bounded(at, resolve(value)); err != nil {
			return err
		}
	}
	return nil
}

// resolve returns what an alias stands for.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func harmless(*gateway, place, *yaml.Node) error { return nil }

// each applies a reader to the items of a list.
func each(read reader) reader {
	return func(g *gateway, at place, v *yaml.Node) error {
		if v.Tag == "!!null" {
			return nil
		}
		if v.Kind != yaml.SequenceNode {
			return at.refuse(v, "", "not a list")
		}
		for i, item := range v.Content {
			if err := read(g, at.in("[%d]", i), resolve(item)); err != nil {
				return err
			}
		}
		return nil
	}
}

// keys lets a mapping pass that has no other than these keys, with the file that its path names and the patch that is written
// in it. Kustomize does not mind the case of keys, so one that is only spelt differently must not slip through.
func keys(names ...string) reader {
	return func(g *gateway, at place, v *yaml.Node) error {
		if v.Kind != yaml.MappingNode {
			return at.refuse(v, "", "not a mapping")
		}
		for i := 0; i+1 < len(v.Content); i += 2 {
			key, value := v.Content[i], resolve(v.Content[i+1])
			at := at.in(".%s", key.Value)
			if !slices.Contains(names, key.Value) {
				return at.refuse(key, "it may have "+strings.Join(names, ", "), "is not allowed")
			}
			var err error
			switch key.Value {
			case "path":
				err = fileOnly(g, at, value)
			case "patch":
				err = g.inline(at, value)
			case "target":
				g.target(value)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// replacement lets one pass that is written here, or the file of one.
func replacement(g *gateway, at place, v *yaml.Node) error {
	if err := keys("path", "source", "targets")(g, at, v); err != nil {
		return err
	}
	for i := 0; i+1 < len(v.Content); i += 2 {
		if v.Content[i].Value != "path" {
			continue
		}
		name, err := g.local(at, resolve(v.Content[i+1]))
		if err != nil {
			return err
		}
		docs, err := documents(name, g.files[name])
		if err != nil {
			return err
		}
		for _, doc := range docs {
			if err := g.selectors(place{name, "replacement"}, doc); err != nil {
				return err
			}
		}
	}
	return nil
}

// generator lets the files pass from which a ConfigMap is made. They are data: nothing is read into them.
func generator(g *gateway, at place, v *yaml.Node) error {
	if v.Kind != yaml.MappingNode {
		return at.refuse(v, "", "not a mapping")
	}
	g.sum.objects++
	data := func(g *gateway, at place, v *yaml.Node) error {
		spec := *v
		if key, file, ok := strings.Cut(v.Value, "="); ok && strings.HasSuffix(at.field, "]") && strings.Contains(at.field, ".files[") {
			if key == "" {
				return at.refuse(v, "", "no name before the equals sign")
			}
			spec.Value = file
		}
		file, err := g.local(at, &spec)
		if err != nil {
			return err
		}
		text, err := g.read(file)
		if err != nil {
			return at.missing(v, err)
		}
		g.longest = max(g.longest, len(text))
		return nil
	}
	for i := 0; i+1 < len(v.Content); i += 2 {
		key, value := v.Content[i], resolve(v.Content[i+1])
		at := at.in(".%s", key.Value)
		var err error
		switch key.Value {
		case "name", "namespace", "behavior", "literals", "options":
		case "files", "envs":
			err = each(data)(g, at, value)
		case "env":
			err = data(g, at, value)
		default:
			err = at.refuse(key, "", "is not allowed")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func fileOrFolder(g *gateway, at place, v *yaml.Node) error {
	name, err := g.local(at, v)
	if err != nil {
		return err
	}
	info, err := fs.Stat(g.fsys, name)
	switch {
	case err != nil:
		return at.missing(v, err)
	case info.IsDir():
		return g.folder(name)
	case IsKustomization(path.Base(name)):
		return at.refuse(v, "name its folder", "a kustomization is not an object")
	}
	docs, err := g.yamlFile(name)
	g.sum.objects += len(docs)
	return err
}

func folderOnly(g *gateway, at place, v *yaml.Node) error {
	name, err := g.local(at, v)
	if err != nil {
		return err
	}
	info, err := fs.Stat(g.fsys, name)
	if err != nil {
		return at.missing(v, err)
	}
	if !info.IsDir() {
		return at.refuse(v, "", "not a folder")
	}
	return g.folder(name)
}

// fileOrInline is for patches that are either the name of a file or the patch itself.
func fileOrInline(g *gateway, at place, v *yaml.Node) error {
	if strings.Contains(v.Value, "\n") {
		return g.inline(at, v)
	}
	return fileOnly(g, at, v)
}

func fileOnly(g *gateway, at place, v *yaml.Node) error {
	name, err := g.local(at, v)
	if err != nil {
		return err
	}
	if _, err := g.yamlFile(name); err != nil {
		return at.missing(v, err)
	}
	g.sum.text += len(g.files[name])
	return nil
}

// inline lets YAML pass that is written in a string.
func (g *gateway) inline(at place, v *yaml.Node) error {
	if v.Kind != yaml.ScalarNode {
		return at.refuse(v, "", "not a text")
	}
	docs, err := documents(at.file, []byte(v.Value))
	if err != nil {
		return at.refuse(v, "", "%v", err)
	}
	for _, doc := range docs {
		g.note(doc)
	}
	return nil
}

// target notes how a patch chooses its objects.
func (g *gateway) target(v *yaml.Node) {
	for i := 0; i+1 < len(v.Content); i += 2 {
		if !slices.Contains([]string{"group", "version", "kind"}, v.Content[i].Value) {
			g.selects = true
		}
	}
}

// missing says that a file is not there, at the place that names it.
func (p place) missing(n *yaml.Node, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return p.refuse(n, "only files of this repository can be used", "%q does not exist in the repository", n.Value)
	}
	return err
}
