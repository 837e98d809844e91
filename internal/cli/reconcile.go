// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/ondemand"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/git/signin"
)

// reconcileOptions are the options of "reconcile".
type reconcileOptions struct {
	Stdio
	settings settings.Settings

	address, tokenFile, output string
}

func newReconcile(std Stdio) *cobra.Command {
	o := reconcileOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "reconcile",
		Short: "Ask a running syncer for a pass now, and show its result",
		Long: `Ask the daemon at the address in the configuration (listen) to fetch the repository and make a pass now,
and wait until that pass has ended. It does what the next poll would do. For a daemon in a cluster, forward its
port first: kubectl port-forward deployment/syncer 8080. A daemon on another machine answers only if its page.access is
token, and you name a file with a token of its cluster (kubectl create token) by --token-file.

Exit code 1 says that a component failed in the pass, or that a Workspace has failed.`,
		Example: `  syncer reconcile
  syncer reconcile --address http://127.0.0.1:8080 -o json`,
		Args: cobra.NoArgs,
	}
	configFlags(cmd, std, &o.settings)
	cmd.Flags().StringVar(&o.address, "address", "", "URL of the daemon; by default that of the configuration")
	cmd.Flags().StringVar(&o.tokenFile, "token-file", "",
		"file with a token of Kubernetes, for a daemon on another machine")
	outputFlag(cmd, &o.output, "table")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) }
	return cmd
}

// run asks for a pass, and prints what came of it.
func (o reconcileOptions) run(ctx context.Context) error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	address, err := o.settings.Daemon(o.address)
	if err != nil {
		return err
	}
	token := ""
	if o.tokenFile != "" {
		if token, err = (signin.Secret{File: o.tokenFile}).Read(); err != nil {
			return fmt.Errorf("read the token (--token-file): %w", err)
		}
	}
	all, err := ondemand.Request(ctx, address, token)
	if err != nil {
		return err
	}
	if err := answer.PrintPasses(o.Out, all, o.output); err != nil {
		return err
	}
	return answer.Passed(all)
}
