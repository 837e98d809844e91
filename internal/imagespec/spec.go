// SPDX-License-Identifier: Apache-2.0

package imagespec

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// Image is the tag of KAITO's base image that syncer renders. To raise it, see "Raise the image" in CONTRIBUTING.md.
const Image = "0.5.0"

//go:embed data/*.json
var data embed.FS

// Current returns the Spec of Image. It is read-only.
var Current = sync.OnceValue(func() *Spec {
	s, err := load(Image)
	if err != nil {
		panic(err) // the file is embedded, and a test reads it
	}
	return s
})

func load(image string) (*Spec, error) {
	text, err := data.ReadFile("data/kaito-base-" + image + ".json")
	if err != nil {
		return nil, fmt.Errorf("read what image %s takes: %w", image, err)
	}
	s := &Spec{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("read what image %s takes: %w", image, err)
	}
	for name, arg := range s.Flags {
		s.names = append(s.names, name)
		if arg.Negative {
			s.names = append(s.names, "no-"+name)
		}
	}
	slices.Sort(s.names)
	return s, nil
}

// Spec is what one release of KAITO's base image takes.
type Spec struct {
	Image   string
	Sources map[string]Source // by project: kaito, vllm, transformers, peft, trl

	ChatTemplates    []string // paths in the image
	ToolParsers      []string // values of tool-call-parser
	ReasoningParsers []string // values of reasoning-parser
	TokenizerModes   []string
	LoadFormats      []string
	Quantizations    []string

	// Flags are those of vLLM's server, by name with dashes.
	Flags map[string]Arg
	names []string // of Flags, with those with no-, sorted
	// Retired maps flags of earlier releases of vLLM, which this one refuses, to the last release that took them.
	Retired map[string]string
	// KaitoFlags are the flags of KAITO's wrapper, which all begin with kaito-.
	KaitoFlags map[string]Arg
	// InferenceKeys are the keys at the top of inference_config.yaml.
	InferenceKeys map[string]Arg
	// TransformersFlags are those of KAITO's Transformers server, by name with underscores.
	TransformersFlags map[string]Arg
	// Tuning has the keys of each section of training_config.yaml, by name with underscores.
	Tuning map[string]map[string]Arg
}

// Source is the release and the commit that facts were read from.
type Source struct {
	Version string
	Commit  string
	// AtLeast is the oldest release that the image may hold, where KAITO does not pin one.
	AtLeast string
}

// Kind is the form of the value of an argument.
type Kind string

// The kinds. Those of numbers differ in how they may be written.
const (
	Bool         Kind = "bool"
	Int          Kind = "int"
	Size         Kind = "size"   // a whole number, also 8k (8000) or 8K (8192)
	Length       Kind = "length" // as Size, also auto or -1
	Float        Kind = "float"
	Text         Kind = "text"
	OptionalText Kind = "optional-text" // the flag alone, or with a text
	Choice       Kind = "choice"
	JSON         Kind = "json"
	List         Kind = "list"    // one or more values of Elem
	Mapping      Kind = "mapping" // of the configuration file only
	Unset        Kind = "unset"   // no text can be its value
)

// Arg is one argument: what its value may be.
type Arg struct {
	Kind    Kind
	Choices []string // of a Choice
	Known   []string // of a Text: the values that the image knows without plugins
	Elem    Kind     // of a List
	// Fold says that a Choice ignores case, and the difference between dash and underscore.
	Fold bool
	// None says that the text None stands for no value.
	None bool
	// Negative says that a Bool also has a flag with the prefix no-.
	Negative   bool
	Deprecated bool
	// The range of a number: greater than, at least, less than, at most.
	GT, GE, LT, LE *float64
}
