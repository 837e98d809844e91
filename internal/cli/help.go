// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
)

// The help of a command fits on one screen. The values of the configuration, over 50, are one line of it, and a topic
// of their own: "syncer help config".

// configured is the annotation of commands that read the configuration.
const configured = "configuration"

// usageTemplate is cobra's without the parts that no command needs, and with a line about the configuration.
const usageTemplate = `Usage:{{if .Runnable}}
  {{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} [command]{{end}}{{if .HasExample}}

Examples:
{{.Example}}{{end}}{{if .HasAvailableSubCommands}}
{{$all := .Commands}}{{range .Groups}}
{{.Title}}{{$group := .ID}}{{range $all}}{{if and .IsAvailableCommand (eq .GroupID $group)}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{end}}{{if .Groups}}
Other commands:{{else}}
Commands:{{end}}{{range $all}}{{if and (eq .GroupID "") (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}{{if index .Annotations "` + configured + `"}}

Configuration: flags --config, --set key=value; see "syncer help config"{{end}}
`

// summarizeConfiguration replaces the flags of the configuration by one line in the help of a command.
func summarizeConfiguration(cmd *cobra.Command) {
	names := []string{"config", "set"}
	for _, f := range config.Fields() {
		names = append(names, f.Flag)
	}
	for _, name := range names {
		if flag := cmd.Flags().Lookup(name); flag != nil {
			flag.Hidden = true
		}
	}
	cmd.Annotations = map[string]string{configured: "true"}
}

// newConfigTopic returns the help topic "config". It is not a command: cobra lists it apart.
func newConfigTopic() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "The values of the configuration"}
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) { _ = settings.Describe(cmd.OutOrStdout()) })
	return cmd
}

// newHelp returns the command "help", which unlike cobra's answers "no" to commands that do not exist.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command, or about config",
		RunE: func(_ *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			if err != nil {
				return err
			}
			if about == root && len(rest) > 0 {
				return unknownCommand(root, rest)
			}
			return about.Help()
		},
	}
}

// shortenCompletion makes "completion" answer "no" to shells that it does not know, and its help as short as the rest.
func shortenCompletion(cmd *cobra.Command) {
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	load := map[string]string{
		"bash":       "source <(syncer completion bash)",
		"zsh":        "source <(syncer completion zsh)",
		"fish":       "syncer completion fish | source",
		"powershell": "syncer completion powershell | Out-String | Invoke-Expression",
	}
	for _, shell := range cmd.Commands() {
		shell.Long = fmt.Sprintf("Print the completion script for %s.", shell.Name())
		shell.Example = "  " + load[shell.Name()]
	}
}
