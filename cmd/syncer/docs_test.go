package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocumentedCommands runs every command that the documentation shows in a console block, in the root of the repository,
// and compares what it prints with what is shown. A line "..." stands for any number of lines. Commands that the other tests
// and the demo run are only checked to exist.
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
		if code := run(context.Background(), append(args, "--help"), stdio{out: &bytes.Buffer{}, err: &bytes.Buffer{}, env: os.LookupEnv}); code != 0 {
			t.Errorf("%s: %s: its flags are not known", name, c.line)
		}
		return // needs a cluster: the end-to-end tests and the demo run it
	}
	tmp := ""
	switch {
	case len(args) < 2 || args[0] != "presets":
	case args[1] == "add": // needs the network: a test of its own and a script run it
		if code := run(context.Background(), append(args, "--help"), stdio{out: &bytes.Buffer{}, err: &bytes.Buffer{}, env: os.LookupEnv}); code != 0 {
			t.Errorf("%s: %s: its flags are not known", name, c.line)
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
	code := run(context.Background(), args, stdio{out: &out, err: &out, env: func(string) (string, bool) { return "", false }})
	text := out.String()
	if tmp != "" {
		text = strings.ReplaceAll(text, tmp, "")
	}
	if code == exitTrouble || !matches(strings.Split(strings.TrimRight(text, "\n"), "\n"), c.output) {
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
