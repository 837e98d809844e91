package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/eject"
)

func newPresetsEject(std stdio) *cobra.Command {
	var repository string
	var o eject.Options
	var force bool
	cmd := &cobra.Command{
		Use:   "eject NAME DIR",
		Short: "Write a preset out as plain Kustomize",
		Long: `Write a preset with all files that it is built from to DIR, with an example for each thing that can be done with the model. Stock
"kustomize build" accepts each of them, and gives the objects that syncer renders.`,
		Example: "  syncer presets eject phi-4 phi-4\n  syncer presets eject llama-3.3-70b-instruct llama --gpus 4",
		Args:    cobra.ExactArgs(2),
	}
	cmd.Flags().IntVar(&o.GPUs, "gpus", 1, "GPUs of each node in the examples")
	cmd.Flags().IntVar(&o.Nodes, "nodes", 1, "nodes in the examples")
	cmd.Flags().BoolVar(&force, "force", false, "overwrite files that are different")
	repositoryFlag(cmd, &repository)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.GPUs < 1 || o.Nodes < 1 {
			return fmt.Errorf("--gpus and --nodes must be at least 1")
		}
		catalog, err := loadCatalog(std, repository)
		if err != nil {
			return err
		}
		p, err := findPreset(catalog, args[0])
		if err != nil {
			return err
		}
		if p.Deprecated != "" {
			return no("preset %s can no longer be used: %s", p.Name, p.Deprecated)
		}
		tree, err := eject.Folder{}.FS()
		if err != nil {
			return err
		}
		if repository != "" {
			tree = os.DirFS(repository)
		}
		in, err := newReader(config.Default()).read(tree)
		if err != nil {
			return err
		}
		files, err := eject.Files(cmd.Context(), catalog.FS(), in.Renderer, p, o)
		if err != nil {
			return err
		}
		names := slices.Sorted(maps.Keys(files))
		if err := writeFolder(args[1], files, names, force); err != nil {
			return err
		}
		fmt.Fprintln(std.out, filepath.Join(args[1], "README.md"))
		fmt.Fprintf(std.err, "wrote %s; README.md says how to use them\n", plural(len(names), "file"))
		return nil
	}
	return cmd
}
