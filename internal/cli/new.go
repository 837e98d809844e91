// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/catalog"
	"syncer.dev/syncer/internal/cli/create"
	"syncer.dev/syncer/internal/cli/propose"
	"syncer.dev/syncer/internal/cli/scaffold"
)

// newOptions are the options of "new": the Workspace to write.
type newOptions struct {
	Stdio

	workspace scaffold.Workspace
	file      string // "-" is standard output; empty is NAME.yaml
}

func newNew(std Stdio) *cobra.Command {
	o := newOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "new NAME --preset PRESET",
		Short: "Write a Workspace file",
		Long: `Write a Workspace that serves a model, or with --tune one that tunes it, after the checks of "syncer validate".
Existing files are never overwritten. The catalogue includes the
presets of the repository of the working folder.`,
		Example: `  syncer new phi --preset phi-4-mini-instruct -o workspaces/phi.yaml
  syncer new tune-phi --preset phi-4-mini-instruct --tune --input https://example.com/data.parquet`,
		Args: cobra.ExactArgs(1),
	}
	f, w := cmd.Flags(), &o.workspace
	f.StringVar(&w.Preset, "preset", "", "model of the catalogue: syncer presets list")
	f.StringVar(&w.Namespace, "namespace", "", "namespace (default: the file names none, which means default)")
	f.StringVar(&w.Size, "size", "", "Azure VM size (default: the cheapest that fits)")
	completes(cmd, "preset", propose.Presets(std.Env))
	completes(cmd, "size", propose.Sizes)
	f.StringVar(&w.Secret, "access-secret", "", "Secret with the key HF_TOKEN (default hf-token, for gated models)")
	f.StringVarP(&o.file, "file", "o", "", `file to write; "-" is standard output (default NAME.yaml)`)
	f.BoolVar(&w.Tune, "tune", false, "tune the model instead of serving it")
	f.StringVar(&w.Method, "method", "", "with --tune: lora or qlora (default qlora)")
	f.StringArrayVar(&w.Inputs, "input", nil, "with --tune: URL of the data; may be repeated")
	f.StringVar(&w.Output, "output-image", "", "with --tune: image to push the result as")
	f.StringVar(&w.PushSecret, "push-secret", "", "with --tune: Secret to push it with (default registry-push)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		w.Name = args[0]
		return o.run(cmd.Context())
	}
	return cmd
}

// run checks the Workspace, and writes it.
func (o newOptions) run(ctx context.Context) error {
	w := o.workspace
	switch {
	case w.Preset == "":
		return errors.New("--preset is not given; see: syncer presets list")
	case !w.Tune && (len(w.Inputs) > 0 || w.Output != "" || w.Method != "" || w.PushSecret != ""):
		return errors.New("--input, --output-image, --method and --push-secret need --tune")
	}
	dir, err := catalog.Folder(o.Env, ".")
	if err != nil {
		return err
	}
	return create.File(ctx, w, dir, o.file, o.Out, o.Err)
}
