// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/presetfiles"
	"syncer.dev/syncer/internal/diag"
)

// presetsAddOptions are the options of "presets add".
type presetsAddOptions struct {
	Stdio

	addition presetfiles.Addition
}

func newPresetsAdd(std Stdio) *cobra.Command {
	o := presetsAddOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "add OWNER/MODEL DIR",
		Short: "Make a preset for a model of Hugging Face",
		Long: `Derive the needs of a model from its config.json and the list of its files, and write them to
DIR/models/<name>. DIR is the presets folder of a repository, where people review the preset like any other file. The
files come from Hugging Face (HF_ENDPOINT names a mirror, HF_TOKEN holds the token for gated models), or without
network from --from or from --config and --index.`,
		Example: `  syncer presets add Qwen/Qwen3-0.6B presets
  syncer presets add Qwen/Qwen3-0.6B presets --config config.json --index model.safetensors.index.json
  syncer presets add team/private presets --from ~/models/private --license mit`,
		Args: cobra.ExactArgs(2),
	}
	f, a := cmd.Flags(), &o.addition
	f.StringVar(&a.Config, "config", "", "config.json or params.json of the model")
	f.StringVar(&a.Index, "index", "", "model.safetensors.index.json, or the list of files of Hugging Face's API")
	f.StringVar(&a.From, "from", "", "folder with the files of the model; large files may be Git LFS pointers")
	f.StringVar(&a.Name, "name", "", "name of the preset (default: the last part of the repository's name)")
	f.StringVar(&a.Revision, "revision", "", "commit to pin, or a branch or tag of Hugging Face (default: main)")
	f.StringVar(&a.License, "license", "", "with local files: licence of the model")
	f.BoolVar(&a.Gated, "gated", false, "with local files: downloading the model needs a token")
	f.BoolVar(&a.Force, "force", false, "overwrite an existing preset")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		a.Repo, a.Dir = args[0], args[1]
		return o.run(cmd.Context())
	}
	return cmd
}

// run derives the preset, checks that it can be used, and writes it.
func (o presetsAddOptions) run(ctx context.Context) error {
	o.addition.Endpoint, _ = o.Env("HF_ENDPOINT")
	o.addition.Token, _ = o.Env("HF_TOKEN")
	dir, r, err := o.addition.Add(ctx)
	if err != nil {
		return err
	}
	diag.Fprintf(o.Out, "%s\n", filepath.Join(dir, "preset.yaml"))
	for _, w := range r.Warnings {
		fmt.Fprintln(o.Err, "warning:", diag.EscapeText(w))
	}
	m := r.Preset.Model
	architecture := diag.EscapeText(cmp.Or(m.Architecture, "architecture unknown, context"))
	diag.Fprintf(o.Err, "%s: %.1f GiB of weights, %s of %d tokens, %d layers\n",
		r.Name, answer.GiB(m.Loaded()), architecture, m.ContextLength, m.Layers)
	return nil
}
