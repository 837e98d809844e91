// SPDX-License-Identifier: Apache-2.0

package modelconfig

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/imagespec"
)

// The words for settings that make another model, or its code, run than plan, status and policy.unpinnedRevision tell.
const (
	otherModel     = "would load something else than the model of the preset, which plan, status and policy report"
	otherModelHint = "remove it; for another model, write a preset of the repository with syncer presets add"
	remoteCode     = "would run code of the model's repository, which the preset does not"
	remoteCodeHint = "remove it; state the flag in runParameters of a preset of the repository"
)

// origin refuses flags that change which code or model the server loads.
func (s *section) origin(key *yaml.Node, field string, f imagespec.Found, text string) {
	switch {
	case f.LoadsCode(text):
		s.fail(key, diag.FlagNotAllowed, field, imagespec.CodeMessage, imagespec.CodeHint)
	case f.RemoteCode(text) && !s.server.RemoteCode:
		s.fail(key, diag.FlagNotAllowed, field, remoteCode, remoteCodeHint)
	case f.ReplacesModel(text):
		s.fail(key, diag.FlagNotAllowed, field, otherModel, otherModelHint)
	case f.Name == "allowed-local-media-path" && text != "":
		s.media(key, field, text)
	}
}

// systemFolders hold files of the pod that are not for its clients: credentials, processes, the programs of the image.
var systemFolders = []string{"dev", "etc", "home", "proc", "root", "run", "sys", "tmp", "usr", "var"}

// media tells of a folder that the server opens to every client.
func (s *section) media(key *yaml.Node, field, text string) {
	top, _, _ := strings.Cut(strings.TrimPrefix(path.Join("/", text), "/"), "/")
	if top == "" || slices.Contains(systemFolders, top) {
		s.fail(key, diag.FlagNotAllowed, field,
			"would let clients read files of the pod, such as its credentials", "name a folder that holds media alone")
		return
	}
	s.warn(key, diag.InvalidValue, field, "lets clients read all files of the folder", "let the folder hold media alone")
}

// tuned names the keys of training_config.yaml that change which code or model a tuning loads.
var tuned = map[string]map[string]string{
	"ModelConfig": {
		"pretrained_model_name_or_path": otherModel, "revision": otherModel, "trust_remote_code": remoteCode,
	},
	"LoraConfig": {
		"base_model_name_or_path": otherModel,
		"auto_mapping":            imagespec.CodeMessage,
		"megatron_core":           imagespec.CodeMessage,
	},
	"TrainingArguments": {"model_init_kwargs": otherModel, "trust_remote_code": remoteCode},
	"DataCollator":      {"tokenizer": otherModel},
}

// tunes refuses a key of a tuning that changes which code or model it loads, and reports whether it did.
func (r *report) tunes(key, value *yaml.Node, section, name, field string, own bool) bool {
	message := tuned[section][name]
	hint := map[string]string{
		otherModel: otherModelHint, remoteCode: "remove it", imagespec.CodeMessage: imagespec.CodeHint,
	}[message]
	if message == "" || message == remoteCode && own {
		return false
	}
	if value.Kind == yaml.ScalarNode {
		text := strings.ToLower(pythonText(value))
		if slices.Contains([]string{"", "none", "false", "no", "n", "f", "0", "{}"}, text) {
			return false
		}
	}
	if message == otherModel && name == "model_init_kwargs" && value.Kind == yaml.ScalarNode &&
		!r.replaces(pythonText(value)) {
		return false
	}
	r.fail(key, diag.FlagNotAllowed, field, message, hint)
	return true
}

// replaces reports whether the arguments of from_pretrained name code or a commit.
func (r *report) replaces(text string) bool {
	f := imagespec.Found{Name: "model_init_kwargs", Arg: imagespec.Arg{Kind: imagespec.JSON}}
	return f.RemoteCode(text) || f.LoadsCode(text) || f.Has(text, "revision", "code-revision", "config")
}

// uncounted are flags that change the memory of the server, which the estimate does not follow. The value tells whether
// a setting is the default of vLLM, which the estimate assumes.
var uncounted = map[string]func(text string) bool{
	"decode-context-parallel-size":  is("1"),
	"hf-overrides":                  is("", "{}"),
	"kv-cache-memory-bytes":         is("", "None"),
	"max-lora-rank":                 is("1", "8", "16"),
	"max-loras":                     is("1"),
	"num-gpu-blocks-override":       is("", "None"),
	"prefill-context-parallel-size": is("1"),
	"spec-tokens":                   is(),
	"speculative-config":            is("", "None", "null", "{}"),
}

func is(values ...string) func(string) bool {
	return func(text string) bool { return slices.Contains(values, text) }
}

// memory tells of a setting that the estimate of memory leaves out.
func (s *section) memory(key *yaml.Node, field string, f imagespec.Found, text string) {
	if usual, ok := uncounted[f.Name]; ok && (f.Field != "" || !usual(text)) {
		s.warn(key, diag.UncountedMemory, field,
			"changes how much memory the server takes, which the estimate does not count",
			"compare the start of the server with the estimate, or remove it")
	}
}
