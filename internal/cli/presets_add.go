// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/lookup"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/derive"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/source"
)

// presetsAddOptions are the options of "presets add".
type presetsAddOptions struct {
	Stdio

	repo, dir               string
	config, index, from     string
	name, revision, license string
	gated, force            bool
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
	f := cmd.Flags()
	f.StringVar(&o.config, "config", "", "config.json or params.json of the model")
	f.StringVar(&o.index, "index", "", "model.safetensors.index.json, or the list of files of Hugging Face's API")
	f.StringVar(&o.from, "from", "", "folder with the files of the model; large files may be Git LFS pointers")
	f.StringVar(&o.name, "name", "", "name of the preset (default: the last part of the repository's name)")
	f.StringVar(&o.revision, "revision", "", "commit to pin, or a branch or tag of Hugging Face (default: main)")
	f.StringVar(&o.license, "license", "", "with local files: licence of the model")
	f.BoolVar(&o.gated, "gated", false, "with local files: downloading the model needs a token")
	f.BoolVar(&o.force, "force", false, "overwrite an existing preset")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.repo, o.dir = args[0], args[1]
		return o.run(cmd.Context())
	}
	return cmd
}

// run derives the preset, checks that it can be used, and writes it.
func (o presetsAddOptions) run(ctx context.Context) error {
	if err := derive.Repo(o.repo); err != nil {
		return err
	}
	in, err := o.input(ctx)
	if err != nil {
		return err
	}
	var dir string
	dir, in.Name = presetsTree(o.dir, o.name)
	r, err := derive.Preset(in)
	if err != nil {
		return answer.No("%v", err)
	}
	if err := usable(ctx, dir, r); err != nil {
		return err
	}
	dir = filepath.Join(dir, "models", r.Name)
	if err := writeFolder(dir, r.Files, slices.Sorted(maps.Keys(r.Files)), o.force); err != nil {
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

// presetsTree finds the presets folder. The user may also name the folder models in it, or the folder of the preset.
func presetsTree(dir, name string) (tree, preset string) {
	dir = filepath.Clean(dir)
	switch up := filepath.Dir(dir); {
	case filepath.Base(dir) == "models":
		return up, name
	case filepath.Base(up) == "models":
		return filepath.Dir(up), cmp.Or(name, filepath.Base(dir))
	}
	return dir, name
}

// input reads the files that the options name, or asks Hugging Face when they name none.
func (o presetsAddOptions) input(ctx context.Context) (derive.Input, error) {
	if o.config == "" && o.index == "" && o.from == "" {
		return o.look(ctx)
	}
	in := derive.Input{Repo: o.repo, Revision: o.revision, License: o.license, Gated: o.gated}
	var err error
	switch {
	case o.from != "" && (o.config != "" || o.index != ""):
		return in, errors.New("either --from, or --config and --index")
	case o.from != "":
		err = source.ReadModelFolder(o.from, &in)
	case o.config == "" || o.index == "":
		return in, errors.New("both --config and --index are needed")
	default:
		err = source.ReadModelFiles(o.config, o.index, &in)
	}
	return in, err
}

// look asks Hugging Face.
func (o presetsAddOptions) look(ctx context.Context) (derive.Input, error) {
	endpoint, _ := o.Env("HF_ENDPOINT")
	token, _ := o.Env("HF_TOKEN")
	in, err := lookup.Model(ctx, endpoint, token, o.repo, o.revision)
	var unreachable *lookup.UnreachableHubError
	if errors.As(err, &unreachable) {
		return in, offlineError{err}
	}
	return in, err
}

// offlineError is a failure to reach Hugging Face.
type offlineError struct{ error }

// Unwrap returns the failure.
func (e offlineError) Unwrap() error { return e.error }

// Hint returns the way that needs no network.
func (offlineError) Hint() string {
	return "without network, download config.json and the index, and give them with --config and --index"
}
