// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/version"
)

// versionOptions are the options of "version".
type versionOptions struct{ Stdio }

func newVersion(std Stdio) *cobra.Command {
	o := versionOptions{std}
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  syncer version",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
}

func (o versionOptions) run(context.Context) error {
	_, err := fmt.Fprintln(o.Out, "syncer "+version.String())
	return err
}
