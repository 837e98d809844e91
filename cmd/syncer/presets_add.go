package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/derive"
	"syncer.dev/syncer/internal/hub"
)

// addFlags are what the user says about the model.
type addFlags struct {
	config, index, from     string
	name, revision, license string
	gated, force            bool
}

func newPresetsAdd(std stdio) *cobra.Command {
	var f addFlags
	cmd := &cobra.Command{
		Use:   "add OWNER/MODEL DIR",
		Short: "Make a preset for a model of Hugging Face",
		Long: `Work out what a model needs from its config.json and the list of its files, and write it to DIR/models/<name>, where DIR is the
presets folder of a repository. It is reviewed and pinned in Git like anything else; nothing is looked up later.

The files are fetched from Hugging Face (HF_ENDPOINT names a mirror, and HF_TOKEN holds the token for gated models), or read from
--from or from --config and --index, without network.`,
		Example: `  syncer presets add Qwen/Qwen3-0.6B presets
  syncer presets add Qwen/Qwen3-0.6B presets --config config.json --index model.safetensors.index.json
  syncer presets add team/private presets --from ~/models/private --license mit`,
		Args: cobra.ExactArgs(2),
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "config.json or params.json of the model")
	flags.StringVar(&f.index, "index", "", "model.safetensors.index.json, or the list of files as the API of Hugging Face gives it")
	flags.StringVar(&f.from, "from", "", "folder with the files of the repository; large files may be Git LFS pointers")
	flags.StringVar(&f.name, "name", "", "name of the preset (default: the last part of the repository's name)")
	flags.StringVar(&f.revision, "revision", "", "commit of the repository, when files are read from here")
	flags.StringVar(&f.license, "license", "", "licence of the model, when files are read from here")
	flags.BoolVar(&f.gated, "gated", false, "downloading the model needs a token, when files are read from here")
	flags.BoolVar(&f.force, "force", false, "overwrite a preset that is there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := derive.Repo(args[0]); err != nil {
			return err
		}
		in, err := f.input(cmd.Context(), std, args[0])
		if err != nil {
			return err
		}
		var dir string
		dir, in.Name = presetsTree(args[1], f.name)
		r, err := derive.Preset(in)
		if err != nil {
			return no("%v", err)
		}
		if err := usable(cmd.Context(), dir, r); err != nil {
			return err
		}
		dir = filepath.Join(dir, "models", r.Name)
		if err := writeFolder(dir, r.Files, slices.Sorted(maps.Keys(r.Files)), f.force); err != nil {
			return err
		}
		fmt.Fprintln(std.out, filepath.Join(dir, "preset.yaml"))
		for _, w := range r.Warnings {
			fmt.Fprintln(std.err, "warning:", w)
		}
		fmt.Fprintf(std.err, "%s: %.1f GiB of weights, %s of %d tokens, %d layers\n", r.Name, gib(r.Preset.Model.Loaded()),
			cmp.Or(r.Preset.Model.Architecture, "architecture unknown, context"), r.Preset.Model.ContextLength, r.Preset.Model.Layers)
		return nil
	}
	return cmd
}

// presetsTree finds the presets folder that a user means, who may as well have named the folder models in it, or the one of the new
// preset in that.
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

// input reads what the flags name, or asks Hugging Face when they name nothing.
func (f addFlags) input(ctx context.Context, std stdio, repo string) (derive.Input, error) {
	if f.config == "" && f.index == "" && f.from == "" {
		endpoint, _ := std.env("HF_ENDPOINT")
		token, _ := std.env("HF_TOKEN")
		client, err := hub.New(cmp.Or(endpoint, hub.DefaultEndpoint), token)
		if err != nil {
			return derive.Input{}, fmt.Errorf("HF_ENDPOINT: %w", err)
		}
		in, err := client.Look(ctx, repo)
		var status *hub.StatusError
		if err == nil || errors.As(err, &status) || errors.Is(err, context.Canceled) {
			return in, err
		}
		return in, fmt.Errorf("%w\nsyncer: hint: without network, download config.json and the index, and give them with --config and --index", err)
	}
	in := derive.Input{Repo: repo, Revision: f.revision, License: f.license, Gated: f.gated}
	var err error
	switch {
	case f.from != "" && (f.config != "" || f.index != ""):
		return in, errors.New("either --from, or --config and --index")
	case f.from != "":
		err = readModelFolder(f.from, &in)
	case f.config == "" || f.index == "":
		return in, errors.New("both --config and --index are needed")
	default:
		err = readModelFiles(f.config, f.index, &in)
	}
	return in, err
}
