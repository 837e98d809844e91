// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"fmt"
	"io"
	"text/tabwriter"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/source"
)

// Describe lists the values of the configuration. The table in docs/configuration.md is made from the same
// fields.
func Describe(w io.Writer) error {
	fmt.Fprintf(w, `The configuration is one YAML file, %s or the file of --config. Unknown keys are errors.

Each value can also be given as --set key=value, or in the environment: SYNCER_ and the words of the key in capitals,
such as SYNCER_SOURCE_AUTH_SSH_KEY_FILE. Flags win over the environment, and the environment over the file.
Commas separate the items of a list.

A file that is found in the working folder or above, not named by --config or SYNCER_CONFIG, does not set hosts,
credentials and files of this machine: it may have come with a checkout.

`, source.DefaultConfig)
	t := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	fmt.Fprintln(t, "KEY\tDEFAULT\tMEANING")
	for _, f := range config.Fields() {
		fmt.Fprintf(t, "%s\t%s\t%s\n", f.Path, f.Default, f.Usage)
	}
	return t.Flush()
}
