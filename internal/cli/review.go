// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/pullrequest"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/pipeline"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/source"
)

// reviewOptions are the options of "review".
type reviewOptions struct {
	Stdio
	settings settings.Settings

	forge      string
	number     int
	repository string // with the commits; empty for that of the working folder
	output     string
	dryRun     bool
	record     bool
}

func newReview(std Stdio) *cobra.Command {
	o := reviewOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "review",
		Short: "Say on a pull request what merging it would do",
		Long: `Write the plan of a pull request as a comment, which is edited in place, and as the commit status
"syncer/CLUSTER/plan". This is one step of a pipeline; "syncer run" does the same by itself with review.forge.

In a pipeline of GitHub, Gitea, Forgejo, Azure DevOps or GitLab, what is left out comes from the environment, also the
token: GITHUB_TOKEN, GITLAB_TOKEN, SYSTEM_ACCESSTOKEN. The configuration is that of the target, unless --config is set.

Exit codes: 0 nothing speaks against it, 1 it is blocked, 2 syncer could not tell.`,
		Example: `  syncer review            # in a pipeline
  syncer review --dry-run  # print the comment, write nothing`,
		Args: cobra.NoArgs,
	}
	configFlags(cmd, std, &o.settings)
	cmd.Flags().StringVar(&o.forge, "forge", "", "github, azuredevops, gitlab or gitea (default: that of the pipeline)")
	cmd.Flags().IntVar(&o.number, "pull-request", 0, "number of the pull request (default: that of the pipeline)")
	cmd.Flags().StringVar(&o.repository, "repo", "", "repository to look commits up in")
	cmd.Flags().StringVarP(&o.output, "output", "o", "text", "text or json")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print the comment, and write nothing")
	cmd.Flags().BoolVar(&o.record, "record", false, "record what is shown on the status branch of source.url")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) }
	return cmd
}

// run reviews the pull request.
func (o reviewOptions) run(ctx context.Context) error {
	if err := oneOf("-o", o.output, "text", "json"); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "syncer-review-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := o.request(dir)
	if err != nil {
		return err
	}
	result, err := pullrequest.Review(ctx, r)
	if err != nil {
		return err
	}
	return o.print(result)
}

// request puts together what to review. dir is an empty folder that lasts as long as the review.
func (o reviewOptions) request(dir string) (pullrequest.Request, error) {
	r := pullrequest.Request{DryRun: o.dryRun, Record: o.record}
	var err error
	if o.settings.Named() {
		r.Config, err = o.settings.Load()
	} else {
		// Whom syncer talks to never comes from a file that was found.
		r.Config, err = o.settings.Alone()
		r.Policy = func(target fs.FS) (config.Config, error) {
			c, err := o.settings.LoadTree(target, dir)
			withRegion(&c)
			return c, err
		}
	}
	if err != nil {
		return r, err
	}
	withRegion(&r.Config)
	r.Config.Review.Forge = cmp.Or(o.forge, r.Config.Review.Forge)
	if r.Number, err = pipeline.Of(o.Env).Complete(&r.Config.Review, o.number); err != nil {
		return r, err
	}
	if r.Repository = cmp.Or(o.repository, workingClone(), r.Config.Source.URL); r.Repository == "" {
		return r, errors.New("the working folder is in no repository; give --repo, or --set source.url=VALUE")
	}
	return r, nil
}

// withRegion sets the region of the prices, if the configuration has none.
func withRegion(c *config.Config) {
	c.Capacity.AKS.Location = cmp.Or(c.Capacity.AKS.Location, source.DefaultRegion)
}

// workingClone returns the repository that the working folder is in, or "".
func workingClone() string {
	root, _, err := source.RepositoryOf(".")
	if err != nil {
		return ""
	}
	return root
}

// print prints the result, and returns what the exit code follows from.
func (o reviewOptions) print(result review.Result) error {
	var err error
	switch {
	case o.output == "json":
		err = answer.PrintJSON(o.Out, answer.Review(result))
	case result.Skipped != "":
		diag.Fprintf(o.Err, "pull request %d is not reviewed: %s\n", result.PullRequest.Number, result.Skipped)
	case o.dryRun:
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
