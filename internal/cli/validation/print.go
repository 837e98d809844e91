// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/diag"
)

// Print prints the problems on out in a format of package diag, or as table, yaml or name, and what else there is to
// say on talk. The error is an answer.NoError if a problem is an error, warnings aside, or if a path holds nothing.
func (r Result) Print(out, talk io.Writer, format string) error {
	found := r.Problems.Unique()
	if err := printProblems(out, format, found); err != nil {
		return err
	}
	if format == "text" {
		answer.LinkReasons(talk, found)
	}
	if n := found.Errors(); n > 0 && r.Workspaces == 0 { // none was read, or there is none
		return answer.No("%s", answer.Plural(n, "error"))
	} else if n > 0 {
		return answer.No("%s in %s", answer.Plural(n, "error"), answer.Plural(r.Workspaces, "Workspace"))
	}
	if err := errors.Join(r.Empty...); err != nil {
		return answer.No("%v", err)
	}
	if format == "text" || format == "table" {
		fmt.Fprintf(talk, "%s valid\n", answer.Plural(r.Workspaces, "Workspace"))
		for _, repo := range slices.Sorted(maps.Keys(r.RemoteCode)) {
			diag.Fprintf(talk, "remote code of %s runs in %s\n", repo, answer.Plural(r.RemoteCode[repo], "Workspace"))
		}
	}
	return nil
}

func printProblems(out io.Writer, format string, found diag.List) error {
	switch format {
	case "table":
		return diag.Write(out, "text", found)
	case "yaml", "name":
		var paths []string
		for _, d := range found {
			paths = append(paths, d.Path)
		}
		return answer.PrintAs(out, format, diag.Document(found), paths, nil)
	}
	return diag.Write(out, format, found)
}
