// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"io"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/compare"
	"syncer.dev/syncer/internal/app/observe"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/color"
	"syncer.dev/syncer/internal/cli/planning"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/document"
	"syncer.dev/syncer/internal/plan/markdown"
	"syncer.dev/syncer/internal/plan/terminal"
)

// planOptions are the options of "plan".
type planOptions struct {
	Stdio
	settings settings.Settings

	request  planning.Request
	output   string
	color    string
	exitCode bool
}

func newPlan(std Stdio) *cobra.Command {
	o := planOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what would change, and what it would cost",
		Long: `Show the changes from the live objects to the tip of the branch; or, with --base, between two commits, from
the current folder or source.url. "syncer run" acts on the same plan. With --base, the cluster and Azure are asked where
--config or --set names them (kubeconfig or context, capacity.aks); what is not asked is unknown. Exit codes: 0; 1 if
anything is refused, invalid, without a place or against a policy; 2 if there is no plan.`,
		Example: `  syncer plan --base main             # what merging this branch would change: from where it forked off
  syncer plan --base main..topic      # what differs from the tip of main
  syncer plan -o json --exit-code`,
		Args: cobra.NoArgs,
	}
	offlineFlags(cmd, std, &o.settings)
	f, r := cmd.Flags(), &o.request
	f.StringVar(&r.Base, "base", "", "commit to compare with, or a range (A...B, A..B), instead of what is live")
	f.StringVar(&r.Head, "head", "", "commit to plan (default HEAD, or the tip of source.branch)")
	f.StringVar(&r.Repository, "repo", "", "repository to look commits up in")
	outputFlag(cmd, &o.output, "table", "markdown")
	f.StringVar(&o.color, "color", color.Auto, "colours of the text: auto, always or never")
	f.StringVar((*string)(&r.Live), "live", string(observe.Auto),
		"ask the cluster and Azure: auto (if configured), never or require")
	f.BoolVar(&o.exitCode, "exit-code", false, "exit with 1 also if anything would change")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) }
	return cmd
}

// run prints the plan.
func (o planOptions) run(ctx context.Context) error {
	if err := checkOutput(o.output, "markdown"); err != nil {
		return err
	}
	mode := cmp.Or(o.color, color.Auto)
	if err := oneOf("--color", mode, color.Modes()...); err != nil {
		return err
	}
	if err := oneOf("--live", string(o.request.Live), append(observe.Modes(), "")...); err != nil {
		return err
	}
	defer compare.SmallHeap()()
	p, err := o.request.Plan(ctx, o.settings)
	if err != nil {
		return err
	}
	return o.print(p, color.Wanted(mode, o.Env, o.Out))
}

// print prints the plan, and says by an error what it comes to.
func (o planOptions) print(p plan.Plan, coloured bool) error {
	var err error
	switch o.output {
	case "markdown":
		_, err = io.WriteString(o.Out, markdown.Render(p, markdown.Options{}))
	case "json", "yaml", "name":
		err = answer.PrintAs(o.Out, o.output, document.Of(&p), planning.Changed(p), nil)
	default:
		err = terminal.Write(o.Out, &p, terminal.Options{Color: coloured})
	}
	switch {
	case err != nil:
		return err
	case p.Refused() > 0:
		return answer.No("%s", p.Verdict().Line)
	case o.exitCode && !p.Empty():
		return answer.No("")
	}
	return nil
}
