// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentedCommands runs every command that the documentation shows in a console block, in the root of the
// repository, and compares what it prints with what is shown. A line "..." stands for any number of lines. Commands
// that the other tests and the demo run are only checked to exist.
func TestDocumentedCommands(t *testing.T) {
	t.Chdir("../..")
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range append(files, "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "example-repo/README.md") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range consoleBlocks(string(data)) {
			count++
			fields := strings.Fields(c.line)
			switch fields[0] {
			case "make":
				if !bytes.Contains(makefile, []byte("\n"+fields[1]+":")) {
					t.Errorf("%s: %s: there is no such target", name, c.line)
				}
			case "syncer":
				c.check(t, name, fields[1:])
			default:
				t.Errorf("%s: nothing tests the command %q", name, c.line)
			}
		}
	}
	if count < 8 {
		t.Errorf("only %d commands are documented", count)
	}
}

// TestTables says that each row of a table has as many cells as its head: a "|" in a cell is written "\|".
func TestTables(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, "../../README.md", "../../ARCHITECTURE.md") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		head := 0
		for i, line := range strings.Split(string(data), "\n") {
			cells := strings.Count(line, "|") - strings.Count(line, `\|`)
			switch {
			case !strings.HasPrefix(line, "|"):
				head = 0
			case head == 0:
				head = cells
			case cells != head:
				t.Errorf("%s:%d: %d cells, but the head has %d", filepath.Base(name), i+1, cells-1, head-1)
			}
		}
	}
}

// TestNamedTests says that the tests that docs/security.md names for attacks exist.
func TestNamedTests(t *testing.T) {
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	err = filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`).FindAllSubmatch(code, -1) {
			have[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(text, -1)
	if len(named) < 15 {
		t.Errorf("only %d tests are named", len(named))
	}
	for _, m := range named {
		if !have[string(m[1])] {
			t.Errorf("there is no %s", m[1])
		}
	}
}

// shown is a command in the documentation, with the output that is shown for it.
type shown struct {
	line   string
	output []string
}

func consoleBlocks(text string) []shown {
	var out []shown
	inside := false
	for line := range strings.SplitSeq(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case !inside:
		case strings.HasPrefix(line, "$ "):
			out = append(out, shown{line: strings.TrimPrefix(line, "$ ")})
		case len(out) > 0:
			last := &out[len(out)-1]
			last.output = append(last.output, line)
		}
	}
	return out
}

func (c shown) check(t *testing.T, name string, args []string) {
	t.Helper()
	if args[0] == "run" || args[0] == "status" || len(args) == 1 && args[0] == "plan" {
		if code, _, talk := syncer(nil, append(args, "--help")...); code != 0 {
			t.Errorf("%s: %s: %s", name, c.line, talk)
		}
		return // needs a cluster: the end-to-end tests and the demo run it
	}
	tmp := ""
	switch {
	case len(args) > 1 && args[0] == "presets" && (args[1] == "list" || args[1] == "show"):
		args = append(args, "--repository", t.TempDir()) // the presets folder here is the one that is built in
	case len(args) < 2 || args[0] != "presets":
	case args[1] == "add": // needs the network: a test of its own and a script run it
		if code, _, talk := syncer(nil, append(args, "--help")...); code != 0 {
			t.Errorf("%s: %s: %s", name, c.line, talk)
		}
		return
	case args[1] == "eject": // writes to a folder
		tmp = t.TempDir() + string(filepath.Separator)
		args[3] = tmp + args[3]
	}
	for i, a := range args {
		args[i] = strings.Trim(a, `'"`)
	}
	var out bytes.Buffer
	code := Run(
		context.Background(),
		args,
		Stdio{Out: &out, Err: &out, Env: func(string) (string, bool) { return "", false }},
	)
	text := out.String()
	if tmp != "" {
		text = strings.ReplaceAll(text, tmp, "")
	}
	if code == exitFailure || !matches(strings.Split(strings.TrimRight(text, "\n"), "\n"), c.output) {
		t.Errorf("%s: %s: exit code %d, and\n%s", name, c.line, code, out.String())
	}
}

// matches compares lines, without regard to trailing blanks; nothing shown matches anything.
func matches(have, want []string) bool {
	if len(want) == 0 {
		return true
	}
	for len(want) > 0 {
		if want[0] == "..." {
			if len(want) == 1 {
				return true
			}
			for i := range have {
				if matches(have[i:], want[1:]) {
					return true
				}
			}
			return false
		}
		if len(have) == 0 || strings.TrimRight(have[0], " ") != strings.TrimRight(want[0], " ") {
			return false
		}
		have, want = have[1:], want[1:]
	}
	return len(have) == 0
}
