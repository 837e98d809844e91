// SPDX-License-Identifier: Apache-2.0

package scaffold

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// Workspace is what the user says of a Workspace to write. Empty fields have defaults.
type Workspace struct {
	Name      string
	Namespace string // empty: the file names none
	Preset    string // name of the model in the catalogue
	Size      string // Azure VM size; empty for the cheapest that fits
	Secret    string // that the model is downloaded with; empty is hf-token where the model is gated

	Tune       bool     // tune the model instead of serving it
	Method     string   // of the tuning; empty is qlora
	Inputs     []string // URLs of the data
	Output     string   // image to push the result as
	PushSecret string   // to push it with; empty is registry-push
}

// ReplaceThis marks a value that only the user knows.
const ReplaceThis = "# replace this"

// The Secrets of a Workspace that names none.
const (
	defaultAccessSecret = "hf-token"
	defaultPushSecret   = "registry-push"
)

// YAML is the text of the file. The preset is that of the catalogue, zero when it has none.
func (w Workspace) YAML(p preset.Preset) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("apiVersion: %s\nkind: Workspace\nmetadata:\n  name: %s", workspace.V1beta1, plainYAML(w.Name))
	if w.Namespace != "" {
		line("  namespace: %s", plainYAML(w.Namespace))
	}
	line("resource:")
	if w.Size != "" {
		line("  instanceType: %s", plainYAML(w.Size))
	}
	line("  labelSelector:\n    matchLabels:\n      apps: %s", plainYAML(w.Name))
	section := "inference"
	if w.Tune {
		section = "tuning"
	}
	line("%s:\n  preset:\n    name: %s", section, plainYAML(w.Preset))
	switch {
	case w.Secret != "":
		line("    presetOptions:\n      modelAccessSecret: %s", plainYAML(w.Secret))
	case p.Gated && p.Certain("source.gated"):
		line("    presetOptions:\n      modelAccessSecret: %s # a Secret with the key HF_TOKEN: %s",
			defaultAccessSecret, diag.EscapeText(p.License))
	}
	if w.Tune {
		w.tuning(line)
	}
	return b.String()
}

func (w Workspace) tuning(line func(string, ...any)) {
	line("  method: %s\n  input:\n    urls:", plainYAML(cmp.Or(w.Method, string(preset.QLoRA))))
	for _, url := range w.Inputs {
		line("      - %s", plainYAML(url))
	}
	if len(w.Inputs) == 0 {
		line("      - https://example.com/data.parquet %s", ReplaceThis)
	}
	line("  output:")
	if w.Output == "" {
		line("    image: registry.example.com/%s:0.0.1 %s", w.Name, ReplaceThis)
	} else {
		line("    image: %s", plainYAML(w.Output))
	}
	line("    imagePushSecret: %s", plainYAML(cmp.Or(w.PushSecret, defaultPushSecret)))
}

// plainYAML quotes text where YAML would read it as another type.
func plainYAML(s string) string {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789-_./", r)) {
			return strconv.Quote(s)
		}
	}
	switch strings.ToLower(s) {
	case "", "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		return strconv.Quote(s)
	}
	return s
}
