// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/catalog"
	"syncer.dev/syncer/internal/cli/presetfiles"
	"syncer.dev/syncer/internal/eject"
)

// presetsEjectOptions are the options of "presets eject".
type presetsEjectOptions struct {
	Stdio

	name, dir, repository string
	example               eject.Options
	force                 bool
}

func newPresetsEject(std Stdio) *cobra.Command {
	o := presetsEjectOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "eject NAME DIR",
		Short: "Write a preset out as plain Kustomize",
		Long: `Write a preset and all files that it is built from to DIR, with an example for each use of the model. Stock
"kustomize build" accepts each example, and gives the objects that syncer renders.`,
		Example: "  syncer presets eject phi-4 phi-4\n  syncer presets eject llama-3.3-70b-instruct llama --gpus 4",
		Args:    cobra.ExactArgs(2),
	}
	cmd.Flags().IntVar(&o.example.GPUs, "gpus", 1, "GPUs of each node in the examples")
	cmd.Flags().IntVar(&o.example.Nodes, "nodes", 1, "nodes in the examples")
	cmd.Flags().BoolVar(&o.force, "force", false, "overwrite files that are different")
	repositoryFlag(cmd, &o.repository)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.name, o.dir = args[0], args[1]
		return o.run(cmd.Context())
	}
	return cmd
}

func (o presetsEjectOptions) run(ctx context.Context) error {
	if o.example.GPUs < 1 || o.example.Nodes < 1 {
		return errors.New("--gpus and --nodes must be at least 1")
	}
	models, p, err := o.preset(o.repository, o.name)
	if err != nil {
		return err
	}
	if p.Deprecated != "" {
		return answer.No("preset %s can no longer be used: %s", p.Name, p.Deprecated)
	}
	dir, err := catalog.Folder(o.Env, o.repository)
	if err != nil {
		return err
	}
	n, err := presetfiles.Eject(ctx, presetfiles.Ejection{
		Catalog: models, Preset: p, Presets: dir, Dir: o.dir, Example: o.example, Force: o.force,
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(o.Out, filepath.Join(o.dir, "README.md"))
	fmt.Fprintf(o.Err, "wrote %s; README.md describes their use\n", answer.Plural(n, "file"))
	return nil
}
