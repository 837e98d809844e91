// SPDX-License-Identifier: Apache-2.0

// Package diag holds one type for every mistake in the input: files, configuration, presets, overlays.
//
// A Diagnostic has the mistake (Message), its place (Position and Field), the remedy (Hint), its Severity, the
// Workspace it concerns, and its kind (Reason). The package that finds the mistake makes the Diagnostic, and packages
// above add the facts that only they know:
//
//	strictyaml   d := diag.Errorf(diag.UnknownField, "unknown field %q", name)
//	             d = d.On("resource.contt").At(3, 5).Suggest("did you mean ...?")
//	workspace    d = d.In("workspaces/phi-4.yaml").For(key)
//	cli          diag.Write(os.Stdout, "sarif", list)
//
// A Reason is stable: scripts, conditions, metrics and the documentation share it. reason.go lists all reasons, each
// with one sentence.
//
// Printers for people, JSON, GitHub, Azure DevOps and SARIF are beside the type. Anyone may have written the files that
// a Diagnostic quotes, so each printer escapes text that its reader could take for a line of its own or for a command,
// and takes secrets out (package redact). All other outputs use the same escapes: Sprintf for text that people read,
// EscapeMarkdown, EscapeCommit, EscapeLabel, EscapeJSON, WriteYAML and NewLogHandler.
//
// Other errors, such as the error of an unreachable server, implement Hinter if they know a remedy. Hints collects the
// hints of an error for the command line, and NewLogHandler adds them to every line of the log.
package diag
