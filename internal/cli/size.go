// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/propose"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/cli/sizes"
	"syncer.dev/syncer/internal/preset"
)

// sizeOptions are the options of "size".
type sizeOptions struct {
	Stdio
	settings settings.Settings

	question sizes.Question
}

func newSize(std Stdio) *cobra.Command {
	o := sizeOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "size [PATH]",
		Short: "Show the GPUs that a model needs, and their cost, offline",
		Long:  `Show the nodes that Workspaces or a preset need, the arithmetic, the cost, alternatives, and why not others.`,
		Example: `  syncer size example-repo/workspaces/phi-4-mini.yaml --why Standard_NV6ads_A10_v5
  syncer size --preset phi-4-mini-instruct --instance-type Standard_NC24ads_A100_v4 --compat kaito`,
		Args: cobra.MaximumNArgs(1),
	}
	offlineFlags(cmd, std, &o.settings)
	f, q := cmd.Flags(), &o.question
	f.BoolVar(&q.All, "all", false, "show the alternatives of several Workspaces too")
	f.StringVar(&q.Preset, "preset", "", "preset to size, instead of a PATH")
	f.StringVar(&q.Tune, "tune", "", "size for tuning the preset: lora or qlora")
	f.StringVar(&q.InstanceType, "instance-type", "", "VM size to use")
	f.IntVar(&q.Context, "context-length", 0, "longest sequence, in tokens")
	f.StringVar(&q.Why, "why", "", "show what speaks against this VM size, in figures")
	f.StringVar(&q.Compat, "compat", "", "kaito: answer with KAITO's own arithmetic, quirks included")
	f.StringVar(&q.Nodes, "nodes", "", "with --compat kaito: file with existing Nodes (kubectl get nodes -o yaml)")
	f.StringVar(&q.MIG, "mig", "", "with --compat kaito: profile of an existing GPU slice, such as 1g.10gb")
	f.IntVar(&q.GPUs, "gpus", 0, "with --compat kaito: usable GPUs of an existing node")
	outputFlag(cmd, &q.Output, "table")
	completes(cmd, "preset", propose.Presets(std.Env))
	completes(cmd, "instance-type", propose.Sizes)
	completes(cmd, "why", propose.Sizes)
	completes(cmd, "tune", fixed(string(preset.LoRA), string(preset.QLoRA)))
	completes(cmd, "compat", fixed("kaito"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			q.Path = args[0]
		}
		return o.run(cmd.Context())
	}
	return cmd
}

// run sizes the Workspaces or the preset, or judges one size for them, and prints the answers.
func (o sizeOptions) run(ctx context.Context) error {
	q := o.question
	if err := q.Check(); err != nil {
		return err
	}
	if err := checkOutput(q.Output); err != nil {
		return err
	}
	var paths []string
	if q.Path != "" {
		paths = []string{q.Path}
	}
	offline, err := o.settings.Offline(paths)
	if err != nil {
		return err
	}
	return q.Print(ctx, offline, o.Out, o.Err)
}
