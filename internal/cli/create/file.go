// SPDX-License-Identifier: Apache-2.0

package create

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/scaffold"
	"syncer.dev/syncer/internal/diag"
)

// File checks a Workspace, and writes it to the file: "-" is out, and "" is the name of the Workspace with ".yaml". It
// says on talk what it has written. dir is the presets folder of the repository, or "". The error is an answer.NoError
// if the checks fail, and then no file is written.
func File(ctx context.Context, w scaffold.Workspace, dir, file string, out, talk io.Writer) error {
	text, err := Text(w, dir)
	if err != nil {
		return err
	}
	problems, err := Check(ctx, text, dir)
	if err != nil {
		return err
	}
	if n := problems.Errors(); n > 0 {
		for _, p := range problems {
			fmt.Fprintln(talk, diag.EscapeText(fmt.Sprintf("%s: %s", p.Severity, p.Text())))
		}
		return answer.No("no file is written: %s", answer.Plural(n, "error"))
	}
	if file == "-" {
		_, err := fmt.Fprint(out, text)
		return err
	}
	name := cmp.Or(file, w.Name+".yaml")
	if err := Write(name, text); err != nil {
		return err
	}
	diag.Fprintf(talk, "wrote %s\n", filepath.ToSlash(name))
	if strings.Contains(text, scaffold.ReplaceThis) {
		fmt.Fprintf(talk, "replace the lines marked %q in it\n", scaffold.ReplaceThis)
	}
	return nil
}
