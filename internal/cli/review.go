// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/pullrequest"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/reviewstep"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/review"
)

// reviewOptions are the options of "review".
type reviewOptions struct {
	Stdio
	settings settings.Settings

	options reviewstep.Options
	output  string
}

func newReview(std Stdio) *cobra.Command {
	o := reviewOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "review",
		Short: "Say on a pull request what merging it would do",
		Long: `Write the plan of a pull request as a comment, which is edited in place, and as the commit status
"syncer/CLUSTER/plan". This is one step of a pipeline; "syncer run" does the same by itself with review.forge.

In a pipeline of GitHub, Gitea, Forgejo, Azure DevOps or GitLab, what is left out comes from the environment, where
GITHUB_TOKEN, GITLAB_TOKEN or SYSTEM_ACCESSTOKEN has the token. Without --config, the target has the configuration.

Exit codes: 0 nothing speaks against it, 1 it is blocked, 2 syncer could not tell.`,
		Example: `  syncer review            # in a pipeline
  syncer review --dry-run  # print the comment, write nothing`,
		Args: cobra.NoArgs,
	}
	configFlags(cmd, std, &o.settings)
	f, r := cmd.Flags(), &o.options
	f.StringVar(&r.Forge, "forge", "", "github, azuredevops, gitlab or gitea (default: that of the pipeline)")
	f.IntVar(&r.Number, "pull-request", 0, "number of the pull request (default: that of the pipeline)")
	f.StringVar(&r.Repository, "repo", "", "repository to look commits up in")
	outputFlag(cmd, &o.output, "table")
	f.BoolVar(&r.DryRun, "dry-run", false, "print the comment, and write nothing")
	f.BoolVar(&r.Record, "record", false, "record what is shown on the status branch of source.url")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) }
	return cmd
}

// run reviews the pull request.
func (o reviewOptions) run(ctx context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "syncer-review-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := o.options.Request(o.settings, dir)
	if err != nil {
		return err
	}
	result, err := pullrequest.Review(ctx, r)
	if err != nil {
		return err
	}
	return o.print(result)
}

// print prints the result, and returns what the exit code follows from.
func (o reviewOptions) print(result review.Result) error {
	var err error
	switch {
	case o.output == "json" || o.output == "yaml" || o.output == "name":
		err = answer.PrintAs(o.Out, o.output, answer.Review(result), []string{result.PullRequest.URL}, nil)
	case result.Skipped != "":
		diag.Fprintf(o.Err, "pull request %d is not reviewed: %s\n", result.PullRequest.Number, result.Skipped)
	case o.options.DryRun:
		_, body, _ := strings.Cut(result.Body, "\n") // the first line is the marker
		_, err = o.Out.Write([]byte(diag.EscapeLines(body)))
	default:
		diag.Fprintf(o.Out, "%s: %s\n%s\n", result.State, result.Line, result.URL)
	}
	switch {
	case err != nil:
		return err
	case result.State == review.Trouble:
		return result.Err
	case result.State == review.Failure:
		return answer.No("pull request %d: %s", result.PullRequest.Number, result.Line)
	}
	return nil
}
