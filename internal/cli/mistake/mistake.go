// SPDX-License-Identifier: Apache-2.0

// Package mistake says what is wrong with a command line, and what the user may have meant.
package mistake

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/strictyaml"
)

// foreign has words of kubectl, flux, argocd, helm and terraform that are no commands of syncer, and what syncer has.
var foreign = map[string]string{
	"apply":     "git push: syncer run applies what the branch holds; syncer plan shows it before",
	"build":     "syncer render",
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
	Near    []string // commands with a name like it
}

// Error returns the command.
func (e *UnknownCommandError) Error() string {
	if len(e.Near) == 0 || foreign[e.Command] != "" {
		return fmt.Sprintf("unknown command %q", e.Command)
	}
	return fmt.Sprintf("unknown command %q (did you mean %s?)", e.Command, strings.Join(e.Near, " or "))
}

// Hint returns what syncer has instead.
func (e *UnknownCommandError) Hint() string {
	if ours := foreign[e.Command]; ours != "" {
		return ours
	}
	return "syncer --help lists the commands"
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

// InFlag says what is wrong with a flag of a command, without the words of the library that found it. flags has the
// types of the flags by name.
func InFlag(command string, flags map[string]string, err error) error {
	text := err.Error()
	e := &FlagError{text: text, hint: command + " --help lists the flags"}
	if name, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		e.text = fmt.Sprintf("%s has no flag --%s", command, name)
		if near := strictyaml.Suggest(name, slices.Sorted(maps.Keys(flags))); near != "" {
			e.hint = "did you mean --" + near + "?"
		}
		return e
	}
	// invalid argument "x" for "-o, --output" flag: strconv.ParseInt: parsing "x": invalid syntax
	rest, ok := strings.CutPrefix(text, "invalid argument ")
	if !ok {
		return e
	}
	value, rest, _ := strings.Cut(rest, " for ")
	names, why, _ := strings.Cut(rest, " flag: ")
	names = strings.Trim(names, `"`)
	switch flags[names[strings.LastIndex(names, "--")+2:]] {
	case "int":
		e.text = fmt.Sprintf("%s: %s is no whole number", names, value)
	case "bool":
		e.text = fmt.Sprintf("%s: %s is neither true nor false", names, value)
	case "duration":
		e.text = fmt.Sprintf("%s: %s is no duration such as 30s or 24h", names, value)
	default:
		e.text = fmt.Sprintf("%s: %s is no valid value: %s", names, value, why)
	}
	return e
}

// ArgumentsError is a command line with more or fewer arguments than the command takes.
type ArgumentsError struct {
	Command string // the command with the names above it
	Use     string // the same, with names for its arguments
	Given   int    // number of arguments
}

// Error says how many arguments there are, and which the command takes.
func (e *ArgumentsError) Error() string {
	switch e.Given {
	case 0:
		return "an argument is missing: " + e.Use
	case 1:
		return "1 argument is given: " + e.Use
	}
	return fmt.Sprintf("%d arguments are given: %s", e.Given, e.Use)
}

// Hint returns where the command is explained.
func (e *ArgumentsError) Hint() string { return e.Command + " --help has examples" }
