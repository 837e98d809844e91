// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/catalog"
	"syncer.dev/syncer/internal/cli/propose"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/cli/sizes"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/source"
)

// sizeOptions are the options of "size".
type sizeOptions struct {
	Stdio
	settings settings.Settings

	path, preset, tune   string // a PATH, or a preset and how to tune it
	instanceType, compat string
	output               string
	context              int
	all                  bool
	why                  string // a size to judge
	nodes, mig           string // existing nodes, for KAITO's arithmetic
	gpus                 int
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
	f := cmd.Flags()
	f.BoolVar(&o.all, "all", false, "show the alternatives of several Workspaces too")
	f.StringVar(&o.preset, "preset", "", "preset to size, instead of a PATH")
	f.StringVar(&o.tune, "tune", "", "size for tuning the preset: lora or qlora")
	f.StringVar(&o.instanceType, "instance-type", "", "VM size to use")
	f.IntVar(&o.context, "context-length", 0, "longest sequence, in tokens")
	f.StringVar(&o.why, "why", "", "show what speaks against this VM size, in figures")
	f.StringVar(&o.compat, "compat", "", "kaito: answer with KAITO's own arithmetic, quirks included")
	f.StringVar(&o.nodes, "nodes", "", "with --compat kaito: file with existing Nodes (kubectl get nodes -o yaml)")
	f.StringVar(&o.mig, "mig", "", "with --compat kaito: profile of an existing GPU slice, such as 1g.10gb")
	f.IntVar(&o.gpus, "gpus", 0, "with --compat kaito: usable GPUs of an existing node")
	outputFlag(cmd, &o.output, "table")
	completes(cmd, "preset", propose.Presets(std.Env))
	completes(cmd, "instance-type", propose.Sizes)
	completes(cmd, "why", propose.Sizes)
	completes(cmd, "tune", fixed(string(preset.LoRA), string(preset.QLoRA)))
	completes(cmd, "compat", fixed("kaito"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			o.path = args[0]
		}
		return o.run(cmd.Context())
	}
	return cmd
}

// check refuses options that contradict each other.
func (q sizeOptions) check() error {
	switch {
	case (q.path == "") == (q.preset == ""):
		return errors.New("give either a PATH or --preset")
	case q.compat != "" && q.compat != "kaito":
		return fmt.Errorf("--compat %q is not known; use kaito", q.compat)
	case q.compat == "" && (q.nodes != "" || q.mig != "" || q.gpus != 0):
		return errors.New("--nodes, --mig and --gpus are for --compat kaito")
	case q.gpus != 0 && q.nodes == "" && q.mig == "":
		return errors.New("--gpus needs --nodes")
	case q.why != "" && (q.compat != "" || q.instanceType != ""):
		return errors.New("--why excludes --compat and --instance-type")
	case q.tune != "" && q.tune != string(preset.LoRA) && q.tune != string(preset.QLoRA):
		return fmt.Errorf("--tune %q is not one of lora, qlora", q.tune)
	case q.context < 0:
		return errors.New("--context-length must not be negative")
	}
	return checkOutput(q.output)
}

// run sizes the Workspaces or the preset, or judges one size for them, and prints the answers.
func (q sizeOptions) run(ctx context.Context) error {
	if err := q.check(); err != nil {
		return err
	}
	var paths []string
	if q.path != "" {
		paths = []string{q.path}
	}
	offline, err := q.settings.Offline(paths)
	if err != nil {
		return err
	}
	list, err := source.ReadPrices(offline.Config.Capacity.Prices)
	if err != nil {
		return err
	}
	request, err := q.request(offline)
	if err != nil {
		return err
	}
	if q.why != "" {
		return q.judge(ctx, offline, request)
	}
	items, err := q.answer(ctx, offline, request)
	if err != nil {
		return err
	}
	answers := answer.Sizes{Items: items, All: q.all, Date: list.Date()}
	if err := q.print(answers); err != nil {
		return err
	}
	if refused := answers.Refused(); refused > 0 {
		return answer.No("no size for %d of %s", refused, answer.Plural(len(items), "request"))
	}
	return nil
}

// request returns what the options ask for.
func (q sizeOptions) request(offline source.Reader) (sizes.Request, error) {
	r := sizes.Request{
		Path:         q.path,
		Method:       preset.Method(q.tune),
		InstanceType: q.instanceType,
		Context:      q.context,
		Existing:     sizes.Existing{Nodes: q.nodes, MIG: q.mig, GPUs: q.gpus},
	}
	if q.preset == "" {
		return r, nil
	}
	models, problems, err := catalog.With(offline.PresetsOf(offline.SourceFolders([]string{"."})[0]))
	q.tell(problems)
	if err != nil {
		return r, err
	}
	p, err := catalog.Find(models, q.preset)
	r.Preset = &p
	return r, err
}

// answer sizes each request, and says the warnings about files.
func (q sizeOptions) answer(ctx context.Context, offline source.Reader, r sizes.Request) ([]answer.Size, error) {
	if q.compat == "kaito" {
		return sizes.ByKAITO(offline, r)
	}
	items, warnings, err := sizes.Answer(ctx, offline, r)
	for _, w := range warnings {
		fmt.Fprintln(q.Err, diag.EscapeText(w.String()))
	}
	return items, err
}

// judge prints the verdict on one size for each request. A no makes the exit code 1.
func (q sizeOptions) judge(ctx context.Context, offline source.Reader, r sizes.Request) error {
	s, hint, ok := capacity.FindSize(q.why)
	if !ok {
		return answer.No("size %s is not known; %s", q.why, hint)
	}
	answers, err := sizes.Why(ctx, offline, r, s)
	if err != nil {
		return err
	}
	if err := q.print(answers); err != nil {
		return err
	}
	if refused := answers.Refused(); refused > 0 {
		return answer.No("%s is refused for %d of %s", s.Name, refused, answer.Plural(len(answers), "request"))
	}
	return nil
}

// printable is an answer with its forms.
type printable interface {
	Print(w io.Writer) error
	Document() any
	Names() []string
}

// print prints answers in the form of -o.
func (q sizeOptions) print(answers printable) error {
	table := func() error { return answers.Print(q.Out) }
	return answer.PrintAs(q.Out, q.output, answers.Document(), answers.Names(), table)
}
