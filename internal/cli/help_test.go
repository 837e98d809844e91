// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/golden"
)

// The size of a screen that the help of every command fits on.
const (
	helpLines   = 25
	rootLines   = 45 // of the list of all commands, in groups
	helpColumns = 120
)

// TestHelpFitsOnAScreen walks the tree of commands.
func TestHelpFitsOnAScreen(t *testing.T) {
	root := newRoot(Stdio{Env: os.LookupEnv})
	count := 0
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if !cmd.IsAdditionalHelpTopicCommand() {
			count++
			checkHelp(t, cmd)
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(root)
	if count < 15 {
		t.Errorf("found only %d commands", count)
	}
}

func checkHelp(t *testing.T, cmd *cobra.Command) {
	t.Helper()
	var b bytes.Buffer
	cmd.SetOut(&b)
	cmd.InitDefaultHelpFlag()
	if err := cmd.Help(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	limit := helpLines
	if !cmd.HasParent() {
		limit = rootLines
	}
	if len(lines) > limit {
		t.Errorf("%s --help has %d lines, more than %d:\n%s", cmd.CommandPath(), len(lines), limit, b.String())
	}
	for _, line := range lines {
		if len(line) > helpColumns {
			t.Errorf("%s --help has a line of %d columns, more than %d:\n%s", cmd.CommandPath(), len(line), helpColumns, line)
		}
	}
	has := strings.Contains(b.String(), "Configuration: flags --config, --set key=value; see \"syncer help config\"")
	if reads := cmd.Flags().Lookup("source-url") != nil; reads != has {
		t.Errorf("%s reads the configuration: %t; its help mentions it: %t", cmd.CommandPath(), reads, has)
	}
}

// TestHelpConfig compares the topic with a golden file, which lists every field.
func TestHelpConfig(t *testing.T) {
	code, out, talk := syncer(nil, "help", "config")
	if code != exit.Yes || talk != "" {
		t.Errorf("exit code %d, %q", code, talk)
	}
	for _, f := range config.Fields() {
		if !strings.Contains(out, "\n"+f.Path+" ") || !strings.Contains(out, f.Usage) {
			t.Errorf("%s is missing", f.Path)
		}
	}
	golden.Equal(t, "testdata/golden/help-config.txt", out)
}
