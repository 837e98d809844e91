// SPDX-License-Identifier: Apache-2.0

package modelconfig

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/imagespec"
	"syncer.dev/syncer/internal/strictyaml"
)

// TrainingKey is the key of training_config.yaml in a ConfigMap.
const TrainingKey = "training_config.yaml"

// rootKey is the key at the top of training_config.yaml.
const rootKey = "training_config"

// unpinned is the section whose classes come from trl, of which the image holds any release from a lower bound on.
const unpinned = "TrainingArguments"

// Training returns what is wrong with a training_config.yaml, at its place in the text.
//
// KAITO's tuning program (presets/workspace/tuning/text-generation/parser.py) turns each entry of a section into
// "--KEY" and one "VALUE" for each item, and has HfArgumentParser of transformers read them. What that does not use or
// cannot convert stops the program.
//
// Of the server, only Foreign and RemoteCode count.
func Training(text string, s Server) []diag.Diagnostic {
	r := &report{spec: imagespec.Current(), foreign: s.Foreign}
	const form = "write it as training_config: {LoraConfig: {r: 8}}"
	root := r.document(text, TrainingKey, form)
	if root == nil {
		return r.sorted()
	}
	found := false
	for key, value := range strictyaml.Pairs(root) {
		if r.full() {
			break
		}
		switch {
		case key.Value != rootKey:
			hint := "remove it"
			if _, section := r.spec.Tuning[key.Value]; section || meant(key.Value, []string{rootKey}) != "" {
				hint = "write it as, or below, " + rootKey
			}
			r.warn(key, diag.IgnoredField, key.Value, "nothing reads this key", hint)
		case value.Kind != yaml.MappingNode:
			r.fail(key, diag.InvalidConfig, rootKey, "must be a mapping of sections", form)
			found = true
		default:
			r.sections(value, s.RemoteCode)
			found = true
		}
	}
	if !found {
		r.fail(root, diag.InvalidConfig, "", TrainingKey+" must have the key "+rootKey+", a mapping", form)
	}
	return r.sorted()
}

func (r *report) sections(n *yaml.Node, own bool) {
	known := slices.Sorted(maps.Keys(r.spec.Tuning))
	for key, value := range strictyaml.Pairs(n) {
		if r.full() {
			return
		}
		field := rootKey + "." + key.Value
		switch args, ok := r.spec.Tuning[key.Value]; {
		case !ok:
			hint := "known sections: " + strings.Join(known, ", ")
			if near := meant(key.Value, known); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			r.fail(key, diag.InvalidConfig, field, fmt.Sprintf("%s has no section %q", rootKey, key.Value), hint)
		case value.Kind != yaml.MappingNode:
			r.fail(key, diag.InvalidConfig, field, "must be a mapping, or the tuning program stops",
				"remove the section to use its defaults")
		default:
			for k, v := range strictyaml.Pairs(value) {
				if r.full() {
					return
				}
				r.argument(key.Value, args, k, v, own)
			}
		}
	}
}

// argument checks one entry of a section.
func (r *report) argument(section string, args map[string]imagespec.Arg, key, value *yaml.Node, own bool) {
	field := section + "." + key.Value
	name := strings.ReplaceAll(key.Value, "-", "_")
	arg, known := args[name]
	if short := r.begun(name, args); !known && short != "" {
		r.warn(key, diag.InvalidConfig, field, "is short for "+short, "write it out")
		name, arg, known = short, args[short], true
	}
	if !known {
		if section == unpinned && r.warned() {
			return // to look for what was meant takes time
		}
		r.unknownArgument(section, args, key, name, field)
		return
	}
	if r.tunes(key, value, section, name, field, own) {
		return
	}
	limit := limits[section+"."+name]
	switch value.Kind {
	case yaml.MappingNode:
		hint := "remove it: the file cannot set it"
		if arg.Kind == imagespec.Text {
			hint = `write it as JSON in single quotes: '{"key": "value"}'`
		}
		r.fail(value, diag.WrongType, field, "must not be a mapping: the tuning program stops at its keys", hint)
	case yaml.SequenceNode:
		r.items(value, field, arg, limit)
	default:
		r.plainArgument(value, field, arg, limit)
	}
}

// begun returns the only name of a section that begins with what is written, which argparse accepts; else "".
func (r *report) begun(name string, args map[string]imagespec.Arg) string {
	only := ""
	for known := range args {
		if name != "" && strings.HasPrefix(known, name) {
			if only != "" {
				return ""
			}
			only = known
		}
	}
	return only
}

// unknownArgument tells of a key that a section does not have. The image may hold a release of trl that is newer than
// the one syncer knows: there, only a likely misspelling is an error.
func (r *report) unknownArgument(section string, args map[string]imagespec.Arg, key *yaml.Node, name, field string) {
	severity, hint := diag.Error, "remove it"
	others := slices.Sorted(maps.Keys(r.spec.Tuning))
	if i := slices.IndexFunc(others, func(s string) bool { _, has := r.spec.Tuning[s][name]; return has }); i >= 0 {
		hint = "it belongs to the section " + others[i]
	} else if near := meant(name, slices.Sorted(maps.Keys(args))); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if section == unpinned {
		severity = diag.Warning
		hint = fmt.Sprintf("syncer knows the keys of trl %s; if the one in the image does not have it, the tuning stops",
			r.spec.Sources["trl"].Version)
	}
	r.add(severity, key, diag.UnknownFlag, field, fmt.Sprintf("%s has no key %q", section, key.Value), hint)
}

// items checks a list, whose items become one argument each.
func (r *report) items(n *yaml.Node, field string, arg imagespec.Arg, limit *limit) {
	all := strictyaml.Items(n)
	switch {
	case len(all) == 0:
		r.fail(n, diag.InvalidValue, field, "must not be an empty list: the tuning program stops at it", "remove it")
	case len(all) > 1 && arg.Kind != imagespec.List:
		r.fail(n, diag.WrongType, field, "must be one value, not a list", "")
	default:
		for _, item := range all {
			if item.Kind != yaml.ScalarNode {
				r.fail(item, diag.WrongType, field, "must be a list of plain values", "")
				return
			}
			r.plainArgument(item, field, arg, limit)
		}
	}
}

// truths are what string_to_bool of hf_argparser.py reads.
var truths = []string{"yes", "true", "t", "y", "1", "no", "false", "f", "n", "0"}

func (r *report) plainArgument(n *yaml.Node, field string, arg imagespec.Arg, limit *limit) {
	text := pythonText(n)
	if text == "None" && n.Value != "None" {
		if arg.Kind == imagespec.Text {
			r.warn(n, diag.InvalidValue, field, "null is the text None to the tuning program", "remove it to use the default")
		} else {
			r.fail(n, diag.WrongType, field, "must not be null: the tuning program stops at it", "remove it to use the default")
		}
		return
	}
	if arg.Kind == imagespec.Bool {
		if !slices.Contains(truths, strings.ToLower(text)) {
			r.fail(n, diag.WrongType, field, "must be true or false, not "+shown(text), "")
		}
		return
	}
	if r.value(n, field, arg, text) && !limit.admits(text) {
		r.fail(n, diag.OutOfRange, field, fmt.Sprintf("must be %v, not %s", limit, shown(text)), "")
	}
}
