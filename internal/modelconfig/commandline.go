// SPDX-License-Identifier: Apache-2.0

package modelconfig

import (
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/imagespec"
)

// CommandLine returns what is wrong with flags of vLLM that a preset states, which are passed as --NAME=VALUE, or as
// --NAME when the value is empty. The Field of each problem is the name of the flag.
func CommandLine(flags map[string]string) []diag.Diagnostic {
	s := &section{report: &report{spec: imagespec.Current()}, plugins: map[string]bool{}}
	for name := range flags {
		s.plugins[imagespec.Key(name)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		text := flags[name]
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: name}
		if arg, own := s.spec.KaitoFlags[name]; own {
			s.stated(key, name, arg, text)
			continue
		}
		f := s.spec.Flag(name)
		switch {
		case !f.Known:
			s.unknown(key, name, f)
		case f.Field != "":
			s.inside(key, name, f)
		case s.stated(key, name, f.Arg, text) && f.Arg.Kind != imagespec.Bool:
			s.listed(key, name, f, text)
		}
	}
	return s.problems
}

// stated checks the value of a flag, and reports whether it is in order.
func (r *report) stated(n *yaml.Node, name string, arg imagespec.Arg, text string) bool {
	switch {
	case arg.Kind == imagespec.Bool && text != "":
		r.fail(n, diag.InvalidValue, name, "takes no value, and the server stops at one", `write it with the value ""`)
		return false
	case arg.Kind != imagespec.Bool && arg.Kind != imagespec.OptionalText && text == "" && !arg.None:
		r.fail(n, diag.RequiredField, name, "needs a value", "")
		return false
	}
	return r.value(n, name, arg, text)
}
