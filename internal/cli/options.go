// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/source"
)

// Each command is a struct of options with a method run. The function newX only declares flags into the struct and
// calls run, so tests fill in the struct and need no command line.

// oneOf returns an error unless the value of a flag is one of those allowed.
func oneOf(flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s %q is not one of %s", flag, value, strings.Join(allowed, ", "))
}

// offlineFlags is configFlags for a command that works without a cluster. It also gives --facts.
func offlineFlags(cmd *cobra.Command, std Stdio, s *settings.Settings) {
	configFlags(cmd, std, s)
	cmd.Flags().StringArrayVar(&s.Facts, "facts", nil, "file or folder with objects of the cluster; may be repeated")
}

// configFlags gives the command --config, --set, and a flag for every value of the configuration, all of which fill in
// settings before the command runs. Its help has one line for all of them.
func configFlags(cmd *cobra.Command, std Stdio, s *settings.Settings) {
	s.Env = std.Env
	s.Warn = func(d diag.Diagnostic) { fmt.Fprintln(std.Err, diag.EscapeText(d.String())) }
	cmd.Flags().StringVar(&s.File, "config", "",
		"configuration file (default: "+source.DefaultConfig+" of the repository)")
	cmd.Flags().StringArrayVar(&s.Set, "set", nil,
		"one value of the configuration, as `section.key=value`; may be repeated")
	for _, f := range config.Fields() {
		cmd.Flags().String(f.Flag, "", f.Usage)
		if f.Bool { // so that it takes no PATH for its value
			cmd.Flags().Lookup(f.Flag).NoOptDefVal = "true"
		}
	}
	summarizeConfiguration(cmd)
	cmd.PreRun = func(cmd *cobra.Command, _ []string) {
		for _, d := range settings.UnknownVariables(std.Variables) {
			s.Warn(d)
		}
		s.Flags = map[string]string{}
		for _, f := range config.Fields() {
			if flag := cmd.Flags().Lookup(f.Flag); flag.Changed {
				s.Flags[f.Path] = flag.Value.String()
			}
		}
	}
}
