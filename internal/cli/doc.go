// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line: one file per command. What a command does is a package below it.
//
// A command is a struct of options with a method run. Cobra parses flags into the struct, and nothing else knows Cobra.
// The answer goes to standard output, talk goes to standard error, and exitCode maps errors to exit codes.
package cli
