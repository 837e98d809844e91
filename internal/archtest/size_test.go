// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// maxLines is how many lines of code a package may have, without tests, comments and blank lines. More than that holds
// several ideas.
const maxLines = 2000

func TestPackagesAreSmall(t *testing.T) {
	for _, p := range list(t) {
		lines := 0
		for _, file := range p.GoFiles {
			source, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			lines += linesOfCode(source)
		}
		if lines > maxLines {
			t.Errorf("%s has %d lines of code, more than %d: split it by idea", p.name(), lines, maxLines)
		}
	}
}

// linesOfCode counts the lines with a token on them, each line of a raw string included.
func linesOfCode(source []byte) int {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, 0)
	count, last := 0, 0
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return count
		}
		if tok == token.SEMICOLON && text == "\n" {
			continue // inserted at the end of a line
		}
		first := file.Line(pos)
		end := first + strings.Count(text, "\n")
		count += end - max(first-1, last)
		last = end
	}
}

func TestLinesOfCode(t *testing.T) {
	source := "// A comment.\npackage p\n\nvar x = `a\n\nb` + \"c\" // three lines\n\n" +
		"/* no\ncode */\n\nfunc f() { x = x; x = x }\n"
	if got := linesOfCode([]byte(source)); got != 5 {
		t.Errorf("%d lines of code, want 5", got)
	}
}
