// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"

	"github.com/spf13/cobra"
)

// outputs are the forms of every answer: for people, for programs, and names alone for a shell. "text" is another word
// for table.
var outputs = []string{"table", "json", "yaml", "name"}

// outputFlag gives a command -o. A command may have more forms than the others.
func outputFlag(cmd *cobra.Command, output *string, usual string, more ...string) {
	all := slices.Concat(outputs, more)
	cmd.Flags().StringVarP(output, "output", "o", usual, orList(all))
	completes(cmd, "output", fixed(all...))
}

// checkOutput refuses a form that a command does not have. "" stands for the usual one.
func checkOutput(output string, more ...string) error {
	if output == "" || output == "text" {
		return nil
	}
	return oneOf("-o", output, slices.Concat(outputs, more)...)
}

// orList writes "a, b or c".
func orList(words []string) string {
	text := words[0]
	for i, w := range words[1:] {
		if i == len(words)-2 {
			text += " or " + w
			continue
		}
		text += ", " + w
	}
	return text
}
