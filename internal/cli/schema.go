// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/schema"
)

// schemaOptions are the options of "schema".
type schemaOptions struct{ Stdio }

func newSchema(std Stdio) *cobra.Command {
	o := schemaOptions{std}
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of all files that syncer reads, for editors",
		Long: `Print one JSON schema (draft-07) for Workspace and InferenceSet in both API versions, and for syncer's own
Config and Preset. It is made from the code that reads these files. The apiVersion and kind of a document select the
part that applies; documents of other kinds pass.`,
		Example: `  syncer schema > .schema/syncer.json
  # first line of a file, for the YAML language server:
  # yaml-language-server: $schema=../.schema/syncer.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
}

func (o schemaOptions) run(context.Context) error { return answer.PrintJSON(o.Out, schema.Document()) }
