// SPDX-License-Identifier: Apache-2.0

package alike

import (
	"path"
	"strings"

	"github.com/google/shlex"
)

// server is the program of KAITO's images that serves a model, by vLLM or by transformers.
const server = "inference_api.py"

// command is the server of a container with its flags. A flag without a value has an empty one.
type command struct {
	program string
	flags   map[string]string
}

// pins name the revision of a model. KAITO leaves it open where syncer pins it; the model is the same.
var pins = map[string]bool{"revision": true, "code-revision": true, "tokenizer-revision": true}

// unset are the values of flags that mean the same as no flag: the defaults of vLLM, which KAITO or syncer writes out.
var unset = map[string]string{
	"load-format": "auto", "config-format": "auto", "tokenizer-mode": "auto",
	"tensor-parallel-size": "1", "data-parallel-size": "1", "pipeline-parallel-size": "1",
}

// commandOf reads the command of a container, by a shell or without one; ok is false if it does not start the server.
func commandOf(container map[string]any) (c command, ok bool) {
	words, args := texts(container["command"]), texts(container["args"])
	if len(words) > 2 && path.Base(words[0]) == "sh" && words[1] == "-c" {
		script, err := shlex.Split(words[2])
		if err != nil {
			return c, false
		}
		args = append(words[min(4, len(words)):], args...) // the word after the script is $0
		words = nil
		for _, w := range script {
			if w == "$@" {
				words = append(words, args...)
				continue
			}
			words = append(words, w)
		}
	} else {
		words = append(words, args...)
	}
	for i, w := range words {
		if path.Base(w) == server {
			return command{program: w, flags: flagsOf(words[i+1:])}, true
		}
	}
	return c, false
}

// flagsOf reads flags up to the end of the command in its script. Kubernetes reads two dollar signs as one.
func flagsOf(words []string) map[string]string {
	out := map[string]string{}
	for _, w := range words {
		w, last := strings.CutSuffix(w, ";")
		if !strings.HasPrefix(w, "--") {
			break
		}
		name, value, _ := strings.Cut(strings.ReplaceAll(w[2:], "$$", "$"), "=")
		name = strings.ReplaceAll(name, "_", "-")
		if name == "model" || name == "pretrained-model-name-or-path" {
			value = strings.ToLower(value) // KAITO writes names of models in lower case
		}
		if unset[name] != value || value == "" {
			out[name] = value
		}
		if last {
			break
		}
	}
	return out
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
