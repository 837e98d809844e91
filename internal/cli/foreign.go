// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"syncer.dev/syncer/internal/strictyaml"
)

// foreign has words of kubectl, flux, argocd, helm and terraform that are no commands of syncer, and what syncer has.
var foreign = map[string]string{
	"apply":     "git push: syncer run applies what the branch holds; syncer plan shows it before",
	"build":     "syncer render",
	"check":     "syncer validate checks files, syncer plan asks the cluster",
	"create":    "syncer new, and git push",
	"delete":    "remove the file, and git push; syncer suspend keeps the objects, without nodes",
	"describe":  "syncer tree, or syncer status NAME -o yaml",
	"destroy":   "remove the file, and git push: syncer run deletes what it has made",
	"diff":      "syncer plan",
	"edit":      "edit the file, and git push",
	"fmt":       "syncer validate checks files and changes none",
	"get":       "syncer status for Workspaces, syncer presets for models",
	"history":   "syncer events, or git log of the status branch",
	"init":      "syncer new writes a first file, syncer help config explains the configuration",
	"lint":      "syncer validate",
	"list":      "syncer status for Workspaces, syncer presets list for models",
	"logs":      "kubectl logs; syncer events shows what has changed",
	"models":    "syncer presets",
	"rollback":  "git revert, and git push",
	"scale":     "change the file, and git push",
	"show":      "syncer tree, or syncer status NAME -o yaml",
	"state":     "syncer status",
	"sync":      "syncer reconcile",
	"template":  "syncer render",
	"top":       "syncer status -o wide",
	"undo":      "git revert, and git push",
	"watch":     "syncer status --watch",
	"workspace": "syncer status",
}

// UnknownCommandError names a command that syncer does not have.
type UnknownCommandError struct {
	Command string
	near    []string
}

// Error returns the command.
func (e *UnknownCommandError) Error() string {
	if len(e.near) == 0 || foreign[e.Command] != "" {
		return fmt.Sprintf("unknown command %q", e.Command)
	}
	return fmt.Sprintf("unknown command %q (did you mean %s?)", e.Command, strings.Join(e.near, " or "))
}

// Hint returns what syncer has instead.
func (e *UnknownCommandError) Hint() string {
	if ours := foreign[e.Command]; ours != "" {
		return ours
	}
	return "syncer --help lists the commands"
}

// unknownCommand answers a word that is no command.
func unknownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return root.Help()
	}
	return &UnknownCommandError{Command: args[0], near: root.SuggestionsFor(args[0])}
}

// FlagError is a mistake in the flags of a command.
type FlagError struct {
	text string
	hint string
}

// Error names the flag, and what is wrong with it.
func (e *FlagError) Error() string { return e.text }

// Hint returns what the flag may have been meant to be, or where the flags are listed.
func (e *FlagError) Hint() string { return e.hint }

// flagError says what is wrong with a flag, without the words of the library.
func flagError(cmd *cobra.Command, err error) error {
	if words := cmd.Flags().Args(); !cmd.HasParent() && len(words) > 0 {
		return unknownCommand(cmd, words) // such as "syncer apply -f"
	}
	text := err.Error()
	e := &FlagError{text: text, hint: cmd.CommandPath() + " --help lists the flags"}
	if name, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		e.text = fmt.Sprintf("%s has no flag --%s", cmd.CommandPath(), name)
		if near := nearFlag(cmd, name); near != "" {
			e.hint = "did you mean --" + near + "?"
		}
		return e
	}
	// invalid argument "x" for "-o, --output" flag: strconv.ParseInt: parsing "x": invalid syntax
	if rest, ok := strings.CutPrefix(text, "invalid argument "); ok {
		value, rest, _ := strings.Cut(rest, " for ")
		names, why, _ := strings.Cut(rest, " flag: ")
		names = strings.Trim(names, `"`)
		flag := cmd.Flags().Lookup(names[strings.LastIndex(names, "--")+2:])
		e.text = fmt.Sprintf("%s: %s is no valid value: %s", names, value, why)
		if flag != nil {
			switch flag.Value.Type() {
			case "int":
				e.text = fmt.Sprintf("%s: %s is no whole number", names, value)
			case "bool":
				e.text = fmt.Sprintf("%s: %s is neither true nor false", names, value)
			case "duration":
				e.text = fmt.Sprintf("%s: %s is no duration such as 30s or 24h", names, value)
			}
		}
	}
	return e
}

// nearFlag returns the flag of a command whose name is most like a name; "" if none is.
func nearFlag(cmd *cobra.Command, name string) string {
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	slices.Sort(names)
	return strictyaml.Suggest(name, names)
}
