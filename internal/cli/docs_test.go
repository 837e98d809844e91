// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/golden"
)

// TestDocumentedCommands runs every command that the documentation shows in a console block, where a reader stands, and
// compares what it prints with what is shown. A line "..." stands for any number of lines, but never for all, and
// never in the files that people read first. Commands of a file follow one another as in a shell. With -update the
// files get what the commands print.
func TestDocumentedCommands(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range append(files, "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "example-repo/README.md") {
		if filepath.IsAbs(name) {
			name = filepath.Join("docs", filepath.Base(name))
		}
		if name == walk {
			continue
		}
		t.Run(name, func(t *testing.T) { count += newReading(t, root, name).run() })
	}
	if count < 8 {
		t.Errorf("only %d commands are documented", count)
	}
}

// walk needs a cluster: a test of the demo types its commands.
const walk = "docs/first-fleet.md"

// reading is a reader who types the commands of a file.
type reading struct {
	t    *testing.T
	root string // of the repository
	name string // of the file, in root
	text string
	dir  string // where the reader stands
}

func newReading(t *testing.T, root, name string) *reading {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	r := &reading{t: t, root: root, name: name, text: string(data), dir: root}
	if name == "example-repo/README.md" {
		r.dir = filepath.Join(root, "example-repo")
	}
	// A reader who writes files does so beside a copy.
	if strings.Contains(r.text, "\n$ cp -r ") {
		r.dir = filepath.Join(t.TempDir(), "syncer")
		if err := os.CopyFS(filepath.Join(r.dir, "example-repo"), os.DirFS(filepath.Join(root, "example-repo"))); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// first are the files that say what commands print in full.
var first = []string{"README.md", "example-repo/README.md"}

// longest is how many lines of a long output -update writes into a file that is not one of the first.
const longest = 6

// run runs the commands, and returns how many there are.
func (r *reading) run() int {
	shown := consoleBlocks(r.text)
	lines := strings.Split(r.text, "\n")
	type result struct {
		shown shownCommand
		out   []string
	}
	var results []result
	for _, c := range shown {
		r.t.Chdir(r.dir)
		out, checked := r.do(c)
		if !checked || matches(out, c.output) && r.says(c) {
			continue
		}
		if golden.Update() {
			if !slices.Contains(first, r.name) && len(out) > longest {
				out = append(out[:longest:longest], "...")
			}
			results = append(results, result{c, out})
			continue
		}
		r.t.Errorf("%s:%d: $ %s prints\n%s\nand not\n%s", r.name, c.at+1, c.line, strings.Join(out, "\n"),
			strings.Join(c.output, "\n"))
	}
	if len(results) > 0 {
		slices.Reverse(results) // so that the numbers of the lines before hold
		for _, res := range results {
			lines = slices.Replace(lines, res.shown.at+1, res.shown.at+1+len(res.shown.output), res.out...)
		}
		if err := os.WriteFile(filepath.Join(r.root, r.name), []byte(strings.Join(lines, "\n")), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	return len(shown)
}

// says reports whether a file shows enough of what a command prints.
func (r *reading) says(c shownCommand) bool {
	elided := slices.Index(c.output, "...")
	return elided < 0 || len(c.output) > 1 && !slices.Contains(first, r.name)
}

// do runs one command, and returns the lines that it prints; checked is false for a command that other tests run.
func (r *reading) do(c shownCommand) (out []string, checked bool) {
	r.t.Helper()
	fields := strings.Fields(c.line)
	switch {
	case fields[0] == "make":
		makefile, err := os.ReadFile(filepath.Join(r.root, "Makefile"))
		if err != nil {
			r.t.Fatal(err)
		}
		if !bytes.Contains(makefile, []byte("\n"+fields[1]+":")) {
			r.t.Errorf("%s: %s: there is no such target", r.name, c.line)
		}
		return nil, false
	case fields[0] == "export":
		return nil, false // syncer is on the PATH of the tests
	case fields[0] != "syncer" || strings.ContainsAny(c.line, "|>&;"):
		return r.shell(c.line), true
	}
	return c.syncer(r.t, r.name, fields[1:])
}

// shell runs a line by a shell, in which the reader may change the folder.
func (r *reading) shell(line string) []string {
	r.t.Helper()
	where := filepath.Join(r.t.TempDir(), "dir")
	cmd := exec.Command("bash", "-c", line+"\nstatus=$?; pwd >"+where+"; exit $status")
	cmd.Dir = r.dir
	// Variables of the tests, such as SYNCER_GITEA, are none of a user.
	env := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "SYNCER_") })
	cmd.Env = append(env, "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_AUTHOR_NAME=A User",
		"GIT_AUTHOR_EMAIL=user@example.com", "GIT_COMMITTER_NAME=A User", "GIT_COMMITTER_EMAIL=user@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Errorf("%s: $ %s: %v: %s", r.name, line, err, out)
	}
	if dir, err := os.ReadFile(where); err == nil {
		r.dir = strings.TrimSpace(string(dir))
	}
	return outputLines(string(out))
}

func outputLines(text string) []string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
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

// shownCommand is a command in the documentation, with the output that is shown for it.
type shownCommand struct {
	line   string
	at     int // number of the line in the file, from 0
	output []string
}

func consoleBlocks(text string) []shownCommand {
	var out []shownCommand
	inside := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case !inside:
		case strings.HasPrefix(line, "$ "):
			out = append(out, shownCommand{line: strings.TrimPrefix(line, "$ "), at: i})
		case len(out) > 0:
			last := &out[len(out)-1]
			last.output = append(last.output, line)
		}
	}
	return out
}

// syncer runs a command of syncer in this process.
func (c shownCommand) syncer(t *testing.T, name string, args []string) (lines []string, checked bool) {
	t.Helper()
	exists := func() ([]string, bool) {
		if code, _, talk := syncer(nil, append(args, "--help")...); code != 0 {
			t.Errorf("%s: %s: %s", name, c.line, talk)
		}
		return nil, false
	}
	if args[0] == "run" || args[0] == "status" || len(args) == 1 && args[0] == "plan" {
		return exists() // needs a cluster: the end-to-end tests and the demo run it
	}
	tmp := ""
	switch {
	case len(args) > 1 && args[0] == "presets" && (args[1] == "list" || args[1] == "show"):
		args = append(args, "--repository", t.TempDir()) // the presets folder here is the one that is built in
	case len(args) < 2 || args[0] != "presets":
	case args[1] == "add": // needs the network: a test of its own and a script run it
		return exists()
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
	if code == exit.Failure {
		t.Errorf("%s: %s: exit code %d, and\n%s", name, c.line, code, text)
	}
	lines = outputLines(text)
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return lines, true
}

// commits are the names of the two commits of a plan, which depend on the time.
var commits = regexp.MustCompile(`^(Plan for cluster .*: )[0-9a-f]{12} -> [0-9a-f]{12}$`)

// sameLine compares two lines, without regard to trailing blanks and to names of commits.
func sameLine(a, b string) bool {
	form := func(line string) string { return commits.ReplaceAllString(strings.TrimRight(line, " "), "$1") }
	return form(a) == form(b)
}

// matches compares lines.
func matches(have, want []string) bool {
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
		if len(have) == 0 || !sameLine(have[0], want[0]) {
			return false
		}
		have, want = have[1:], want[1:]
	}
	return len(have) == 0
}
