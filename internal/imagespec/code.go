// SPDX-License-Identifier: Apache-2.0

package imagespec

import (
	"encoding/json"
	"slices"
	"strings"
)

// codeFlags are the flags of vLLM whose values name code that the server imports, or a file that can name some: the
// configuration of Python's logging creates objects of any class.
var codeFlags = []string{
	"io-processor-plugin",
	"log-config-file",
	"logits-processor-pattern",
	"logits-processors",
	"middleware",
	"model-class-overrides",
	"reasoning-parser-plugin",
	"scheduler-cls",
	"tool-parser-plugin",
	"worker-cls",
	"worker-extension-cls",
}

// The words for a flag that loads code, in presets and in ConfigMaps.
const (
	CodeMessage = "would load code into the server"
	CodeHint    = "build it into an image, and name the image with a component"
)

// RemoteCodeFlag lets the server import code from the repository of the model.
const RemoteCodeFlag = "trust-remote-code"

// modelFlags are the flags that choose what the server loads: the model, its tokenizer, its configuration, a draft
// model, and the commit of each.
var modelFlags = []string{
	"code-revision", "hf-config-path", "model", "revision", "spec-model", "tokenizer", "tokenizer-revision",
}

// objectFlags are of the kind Text, since generate.py cannot tell more, and take an object of JSON.
var objectFlags = []string{"additional-config", "hf-overrides", "model-loader-extra-config"}

// Object reports whether the value of the flag is JSON, so that a name with a dot sets one field of it.
func (f Found) Object() bool { return f.Arg.Kind == JSON || slices.Contains(objectFlags, f.Name) }

// LoadsCode reports whether the server imports code that the value of the flag names. Code of the model's repository is
// not meant: see RemoteCode.
func (f Found) LoadsCode(text string) bool {
	if slices.Contains(codeFlags, f.Name) {
		return !idle(text) && text != "auto"
	}
	if f.Name == "distributed-executor-backend" {
		return strings.Contains(text, ".")
	}
	return f.any(text, func(key string, value any) bool {
		name, _ := value.(string)
		switch {
		case idleValue(value):
			return false
		case slices.Contains(codeFlags, key), strings.HasSuffix(key, "module-path"), key == "auto-map":
			return true
		case f.Name == "compilation-config":
			return key == "inductor-passes" || key == "backend" && strings.Contains(name, ".")
		}
		return false
	})
}

// RemoteCode reports whether the value of the flag lets the server import code of a model's repository.
func (f Found) RemoteCode(text string) bool {
	if f.Name == RemoteCodeFlag {
		return !f.Negated
	}
	return f.any(text, func(key string, value any) bool { return key == RemoteCodeFlag && !idleValue(value) })
}

// ReplacesModel reports whether the value of the flag names another model, tokenizer or commit to load.
func (f Found) ReplacesModel(text string) bool {
	if slices.Contains(modelFlags, f.Name) {
		return !idle(text) && (f.Name != "spec-model" || !slices.Contains(noDraft, text))
	}
	return f.any(text, func(key string, value any) bool {
		name, _ := value.(string)
		switch {
		case idleValue(value):
			return false
		case f.Name == "speculative-config":
			return slices.Contains(modelFlags, key) && !slices.Contains(noDraft, name)
		case f.Name == "model-loader-extra-config":
			return strings.HasPrefix(key, "tensorizer")
		}
		return false
	})
}

// noDraft are the values of the model of speculative-config that name a method, and no draft model.
var noDraft = []string{"ngram", "[ngram]", "suffix"}

// idle reports whether a value has no effect: it is the default.
func idle(text string) bool { return slices.Contains([]string{"", "None", "null", "{}", "[]"}, text) }

func idleValue(value any) bool {
	text, err := json.Marshal(value)
	return err == nil && slices.Contains([]string{`""`, "null", "{}", "[]", "false"}, string(text))
}

// Has reports whether the value of the flag has a field of one of the names, at any depth, that is not empty.
func (f Found) Has(text string, names ...string) bool {
	return f.any(text, func(key string, value any) bool { return slices.Contains(names, key) && !idleValue(value) })
}

// any reports whether a field of the flag's JSON, at any depth, fulfils the condition. A key has dashes and small
// letters.
func (f Found) any(text string, is func(key string, value any) bool) bool {
	if !f.Object() {
		return false
	}
	value, isJSON := readJSON(text)
	if !isJSON {
		value = text
	}
	// FlexibleArgumentParser.parse_args: a.b+ appends to a list, and a.b.c is the field c of the field b.
	keys := strings.Split(strings.TrimSuffix(f.Field, "+"), ".")
	for _, key := range slices.Backward(keys[1:]) {
		value = map[string]any{key: value}
	}
	return walk(value, is)
}

func walk(value any, is func(key string, value any) bool) bool {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if is(strings.ReplaceAll(strings.ToLower(key), "_", "-"), inner) || walk(inner, is) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(value, func(inner any) bool { return walk(inner, is) })
	}
	return false
}
