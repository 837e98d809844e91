// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// codeMap is the field that names the code of a model: by class of Transformers, a class in a Python file.
const codeMap = "auto_map"

// ownCode reports whether config.json, or the configuration of a part of the model, names code.
func ownCode(c object) bool {
	found := false
	codeMaps(c, func(o object) bool {
		m, _ := o.fields[codeMap].(map[string]any)
		found = len(m) > 0
		return !found
	})
	return found
}

// foreignCode refuses code of another repository. Transformers reads "owner/name--module.Class" as code of owner/name
// (get_class_from_dynamic_module in dynamic_module_utils.py), and takes the newest of it: the revision of the model
// says nothing about it.
func foreignCode(c object, repo string) error {
	var err error
	codeMaps(c, func(o object) bool {
		for _, class := range classes(o.fields[codeMap]) {
			other, _, found := strings.Cut(class, "--")
			if !found || other == repo {
				continue
			}
			err = diag.Errorf(diag.UnpinnedRevision,
				"names code of another repository, %.200q, which source.revision does not pin", other).
				On(o.pathOf(codeMap)).Placed(o.where(codeMap)).
				Suggest("use a repository that holds its own code")
			return false
		}
		return true
	})
	return err
}

// codeMaps visits the objects of a document, at any depth, until visit returns false.
func codeMaps(o object, visit func(object) bool) bool {
	if _, has := o.fields[codeMap]; has && !visit(o) {
		return false
	}
	var walk func(path string, v any) bool
	walk = func(path string, v any) bool {
		switch v := v.(type) {
		case map[string]any:
			return codeMaps(object{doc: o.doc, path: path, fields: v}, visit)
		case []any:
			for i, item := range v {
				if !walk(path+"["+strconv.Itoa(i)+"]", item) {
					return false
				}
			}
		}
		return true
	}
	for _, name := range slices.Sorted(maps.Keys(o.fields)) {
		if !walk(o.pathOf(name), o.fields[name]) {
			return false
		}
	}
	return true
}

// classes lists the texts in an auto_map: a class has one, or several, as those of a slow and a fast tokenizer.
func classes(v any) []string {
	var out []string
	switch v := v.(type) {
	case string:
		out = append(out, v)
	case []any:
		for _, item := range v {
			out = append(out, classes(item)...)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out = append(out, classes(v[name])...)
		}
	}
	return out
}
