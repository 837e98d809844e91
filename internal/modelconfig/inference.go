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

// InferenceKey is the key of inference_config.yaml in a ConfigMap.
const InferenceKey = "inference_config.yaml"

// Server is what the settings meet: the pod that reads them.
type Server struct {
	// Foreign says that the image is the user's own.
	Foreign bool
	// Flags are the names of the flags on the command line, which stand before the settings of the file.
	Flags []string
	// RemoteCode says that the preset lets the server import code of the model's repository.
	RemoteCode bool
	// Benchmark says that the start-up probe is KAITO's benchmark, which sends requests without a key.
	Benchmark bool
}

// Inference returns what is wrong with an inference_config.yaml, at its place in the text.
//
// KAITO's wrapper (presets/workspace/inference/vllm/inference_api.py) appends "--KEY" and "VALUE" for each entry of the
// section vllm to the arguments of vLLM, so an entry wins over the same flag of the command line.
func Inference(text string, s Server) []diag.Diagnostic {
	r := &report{spec: imagespec.Current(), foreign: s.Foreign}
	const form = "write it as vllm: {max-model-len: 8192}"
	root := r.document(text, InferenceKey, form)
	if root == nil {
		return r.sorted()
	}
	for key, value := range strictyaml.Pairs(root) {
		if r.full() {
			break
		}
		name := key.Value
		arg, known := r.spec.InferenceKeys[name]
		switch {
		case !known:
			r.unread(key)
		case name == "vllm" && value.Kind != yaml.MappingNode:
			r.fail(key, diag.InvalidConfig, name, "must be a mapping of flags, or the wrapper of the image stops", form)
		case name == "vllm":
			(&section{report: r, server: s, seen: map[string]*yaml.Node{}}).check(value)
		case name != cacheKey:
			r.unused(value, name, arg)
		case value.Kind != yaml.ScalarNode || value.ShortTag() == "!!str":
			r.fail(value, diag.WrongType, name, "must be a number, or the wrapper of the image stops", "write it without quotes")
		default:
			r.share(value, name, arg)
		}
	}
	return r.sorted()
}

// cacheKey is the key of the wrapper that sets the share of the node's memory for offloaded cache.
const cacheKey = "kv_cache_cpu_memory_utilization"

// share checks the number of cacheKey. null stands for its default.
func (r *report) share(n *yaml.Node, name string, arg imagespec.Arg) {
	text := pythonText(n)
	if text == "None" || !r.value(n, name, arg, text) {
		return
	}
	zero, one := 0.0, 1.0
	if f := (imagespec.Arg{Kind: arg.Kind, GE: &zero, LE: &one}).Check(text, meant); f != nil {
		r.warn(n, diag.OutOfRange, name, "is the share of the node's free memory: it "+f.Message, "0 turns the offload off")
	}
}

// unused checks a key that the wrapper reads and does not use.
func (r *report) unused(n *yaml.Node, name string, arg imagespec.Arg) {
	if n.Kind != yaml.ScalarNode || arg.Check(pythonText(n), meant) != nil {
		r.warn(n, diag.WrongType, name, "must be a whole number", "")
	}
}

// unread tells of a key at the top that the wrapper does not read.
func (r *report) unread(key *yaml.Node) {
	if r.warned() {
		return
	}
	name := key.Value
	hint := "remove it"
	plain := strings.TrimPrefix(strings.ReplaceAll(name, "-", "_"), "kaito_")
	if _, ok := r.spec.InferenceKeys[plain]; ok {
		hint = fmt.Sprintf("write it as %s", plain)
	} else if f := r.spec.Flag(strings.TrimLeft(name, "-")); f.Known && !f.Short {
		hint = "it is a flag of vLLM: write it in the section vllm"
	} else if near := meant(name, slices.Sorted(maps.Keys(r.spec.InferenceKeys))); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	r.warn(key, diag.IgnoredField, name, "nothing reads this key", hint)
}

// section checks the entries of the section vllm.
type section struct {
	*report
	server   Server
	seen     map[string]*yaml.Node // by the one spelling of the flag
	switched *yaml.Node            // the first Bool
	plugins  map[string]bool
}

func (s *section) check(n *yaml.Node) {
	s.plugins = map[string]bool{}
	for key := range strictyaml.Pairs(n) {
		s.plugins[imagespec.Key(key.Value)] = true
	}
	for key, value := range strictyaml.Pairs(n) {
		if s.full() {
			return
		}
		s.entry(key, value)
	}
}

func (s *section) entry(key, value *yaml.Node) {
	field := "vllm." + key.Value
	f := s.spec.Flag(key.Value)
	if !f.Known || strings.HasPrefix(key.Value, "-") {
		s.unknown(key, field, f)
		return
	}
	if f.Short {
		s.warn(key, diag.InvalidConfig, field, "is short for "+f.Key(),
			"write it out: a later release may have another flag of that beginning")
	}
	if first, twice := s.seen[f.Key()]; twice {
		s.warn(key, diag.DuplicateField, field,
			fmt.Sprintf("sets %s again, first set in line %d of %s; the last one wins", f.Key(), first.Line, InferenceKey),
			"remove one of them")
	}
	s.seen[f.Key()] = key
	if value.Kind != yaml.ScalarNode {
		hint := `write it as text: 'JSON in single quotes'`
		if f.Arg.Kind == imagespec.List {
			hint = "a flag with several values can have only one here"
		}
		s.fail(value, diag.InvalidConfig, field, "must be a plain value: the wrapper of the image passes on its text", hint)
		return
	}
	text := pythonText(value)
	switch {
	case strings.HasPrefix(text, "-") && (imagespec.Option(text) || strings.Contains(text, ".")):
		// FlexibleArgumentParser.parse_args takes what has a dash and a dot for a key with a dot.
		s.refuse(value, field, f.Arg, text, imagespec.Dashed())
	case f.Field != "":
		s.inside(key, field, f)
	case f.Arg.Kind == imagespec.Bool:
		s.switches(key, value, field, f, text)
	default:
		arg := f.Arg
		if f.Object() {
			arg.Kind = imagespec.JSON
		}
		if s.value(value, field, arg, text) {
			s.listed(value, field, f, text)
		}
	}
	s.deployed(key, field, f, text)
}

// unknown tells of a flag that vLLM of the image refuses, which stops the server at its start.
func (s *section) unknown(key *yaml.Node, field string, f imagespec.Found) {
	name := strings.TrimLeft(f.Name, "-")
	severity := diag.Error
	if last, ok := s.spec.Retired[name]; ok {
		hint := "remove it"
		if use := successors[name]; use != "" {
			hint += "; " + use
		}
		s.add(severity, key, diag.UnknownFlag, field,
			fmt.Sprintf("%s has no such flag any more; %s was the last release with it", s.vllm(), last), hint)
		return
	}
	if _, own := s.spec.KaitoFlags[name]; own {
		hint := "remove it: the file cannot set it"
		plain := strings.ReplaceAll(strings.TrimPrefix(name, "kaito-"), "-", "_")
		if _, ok := s.spec.InferenceKeys[plain]; ok {
			hint = fmt.Sprintf("write it at the top of the file, as %s", plain)
		}
		s.add(severity, key, diag.UnknownFlag, field, "is no flag of vLLM, but of KAITO's wrapper", hint)
		return
	}
	if _, ok := s.spec.InferenceKeys[strings.ReplaceAll(name, "-", "_")]; ok {
		s.add(severity, key, diag.UnknownFlag, field, "is no flag of vLLM", "it belongs at the top of the file, beside vllm")
		return
	}
	if len(f.Among) > 0 {
		s.add(severity, key, diag.UnknownFlag, field, "begins several flags: "+strings.Join(firstOf(f.Among, 5), ", "),
			"write out the one that you mean")
		return
	}
	hint := "remove it; docs/settings.md lists what the image takes"
	if near := meant(name, s.spec.FlagNames()); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	message := s.vllm() + " has no such flag, and stops at its start"
	if s.foreign {
		message = s.vllm() + " of the base image has no such flag; that of your image may have it"
	}
	s.add(severity, key, diag.UnknownFlag, field, message, hint)
}

func firstOf(names []string, n int) []string {
	if len(names) > n {
		return append(slices.Clone(names[:n]), "...")
	}
	return names
}

// switches checks a flag that takes no value. The wrapper passes a value even so. vLLM takes the first such value for
// its positional argument, which nothing uses, and refuses a second; any value turns the flag on. A value that is no
// truth was meant for something else.
func (s *section) switches(key, value *yaml.Node, field string, f imagespec.Found, text string) {
	if s.switched != nil {
		s.fail(key, diag.InvalidConfig, field, fmt.Sprintf("the image takes one flag of the kind true or false in the file, "+
			"and line %d has one; with a second the server does not start", s.switched.Line),
			"remove one of them; a preset of your own can have any number of flags in runParameters")
	} else {
		s.switched = key
	}
	switch strings.ToLower(text) {
	case "true", "1", "yes", "on":
		return
	case "false", "none", "0", "no", "off", "":
	default:
		s.fail(value, diag.InvalidValue, field, "must be true, not "+shown(text), "")
		return
	}
	hint := "remove it"
	switch {
	case f.Negated:
		hint = fmt.Sprintf("write %s: true, or remove it", f.Name)
	case f.Arg.Negative:
		hint = fmt.Sprintf("write no-%s: true, or remove it", f.Name)
	}
	s.warn(key, diag.InvalidValue, field,
		fmt.Sprintf("has the effect of true with any value, because the flag --%s takes none", f.Key()), hint)
}

// inside checks a key with a dot, which sets one field of a flag with JSON as its value.
func (s *section) inside(key *yaml.Node, field string, f imagespec.Found) {
	if strings.ContainsAny(f.Field, "= ") {
		s.fail(key, diag.UnknownFlag, field, "is no name of a field: the server takes what follows for the value",
			"write the value behind the colon")
	} else if !f.Object() {
		s.fail(key, diag.UnknownFlag, field, fmt.Sprintf("--%s has no fields", f.Name), "remove the dot and what follows")
	}
}

// listed checks a value that the image knows by a table of its own.
func (s *section) listed(n *yaml.Node, field string, f imagespec.Found, text string) {
	spec := s.spec
	switch f.Name {
	case "tool-call-parser":
		if !s.plugins["tool-parser-plugin"] {
			s.member(n, field, text, spec.ToolParsers, "tool call parser")
		}
	case "reasoning-parser":
		if text != "" && !s.plugins["reasoning-parser-plugin"] {
			s.member(n, field, text, spec.ReasoningParsers, "reasoning parser")
		}
	case "tokenizer-mode":
		s.member(n, field, text, spec.TokenizerModes, "tokenizer mode")
	case "load-format":
		s.member(n, field, text, spec.LoadFormats, "load format")
	case "quantization":
		s.member(n, field, text, spec.Quantizations, "quantization method")
	case "chat-template":
		if strings.HasPrefix(text, templateFolder) {
			s.member(n, field, text, spec.ChatTemplates, "chat template")
		}
	default:
		if len(f.Arg.Known) > 0 && !slices.Contains(f.Arg.Known, text) && text != "None" {
			s.warn(n, diag.InvalidValue, field, fmt.Sprintf("%s is not known to the image without a plugin", shown(text)),
				"known: "+strings.Join(f.Arg.Known, ", "))
		}
	}
}

const templateFolder = "/workspace/chat_templates/"

// Place returns where a flag is set in an inference_config.yaml, in whichever spelling: the place that counts. It is
// zero for a flag that is not set.
func Place(text, flag string) strictyaml.Position {
	var at strictyaml.Position
	docs, _ := strictyaml.Documents([]byte(text))
	if len(docs) != 1 {
		return at
	}
	for key := range strictyaml.Pairs(strictyaml.Field(docs[0], "vllm")) {
		if imagespec.Key(key.Value) == flag {
			at = strictyaml.Position{Line: key.Line, Column: key.Column}
		}
	}
	return at
}
