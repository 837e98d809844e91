// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/document"
	"syncer.dev/syncer/internal/plan/markdown"
	"syncer.dev/syncer/internal/plan/terminal"
	"syncer.dev/syncer/internal/source"
)

// planOptions are the options of "plan".
type planOptions struct {
	Stdio
	settings settings.Settings

	base, head string // commits; without base, what is live
	repository string // to look commits up in; empty for that of the working folder
	output     string
	color      string
	live       string
	exitCode   bool
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
	given := offlineFlags(cmd, std)
	cmd.Flags().StringVar(&o.base, "base", "", "commit to compare with, or a range (A...B, A..B), instead of what is live")
	cmd.Flags().StringVar(&o.head, "head", "", "commit to plan (default HEAD, or the tip of source.branch)")
	cmd.Flags().StringVar(&o.repository, "repo", "", "repository to look commits up in")
	cmd.Flags().StringVarP(&o.output, "output", "o", "text", "text, markdown or json")
	cmd.Flags().StringVar(&o.color, "color", colorAuto, "colours of the text: auto, always or never")
	cmd.Flags().StringVar(&o.live, "live", string(app.LiveAuto),
		"ask the cluster and Azure: auto (if configured), never or require")
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "exit with 1 also if anything would change")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o.settings = given()
		return o.run(cmd.Context())
	}
	return cmd
}

// run prints the plan.
func (o planOptions) run(ctx context.Context) error {
	if err := oneOf("-o", o.output, "text", "markdown", "json"); err != nil {
		return err
	}
	color, err := o.Stdio.color(cmp.Or(o.color, colorAuto))
	if err != nil {
		return err
	}
	if err := oneOf("--live", o.live, append(app.LiveModes(), "")...); err != nil {
		return err
	}
	load := o.settings.Load
	if o.base != "" && o.local() != "" {
		load = o.settings.LoadLocal
	}
	c, err := load()
	if err != nil {
		return err
	}
	p, err := o.plan(ctx, c)
	if err != nil {
		return err
	}
	return o.print(p, color)
}

// print prints the plan, and says by an error what it comes to.
func (o planOptions) print(p plan.Plan, color bool) error {
	var err error
	switch o.output {
	case "json":
		err = answer.PrintJSON(o.Out, document.Of(&p))
	case "markdown":
		_, err = io.WriteString(o.Out, markdown.Render(p, markdown.Options{}))
	default:
		err = terminal.Write(o.Out, &p, terminal.Options{Color: color})
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

// local returns the repository that the working folder is in, unless another is named; "" if there is none.
func (o planOptions) local() string {
	if o.repository != "" {
		return ""
	}
	root, _, err := source.RepositoryOf(".")
	if err != nil {
		return ""
	}
	return root
}

// plan makes the plan between two commits, or between the live objects and one commit.
func (o planOptions) plan(ctx context.Context, c config.Config) (plan.Plan, error) {
	if o.base == "" {
		if len(o.settings.Facts) > 0 {
			return plan.Plan{}, errors.New("--facts is for --base; without it, the cluster is asked")
		}
		return app.PlanLive(ctx, c, o.head)
	}
	if c.Cluster == "" {
		c.Cluster = "example"
	}
	repository := cmp.Or(o.repository, o.local(), c.Source.URL)
	if repository == "" {
		return plan.Plan{}, errors.New("the working folder is in no repository; give --repo, or --set source.url=VALUE")
	}
	return app.PlanCommits(ctx, c, app.Comparison{
		Repository: repository,
		Base:       o.base,
		Head:       o.head,
		Facts:      o.settings.Facts,
		Live:       app.LiveMode(o.live),
	})
}
