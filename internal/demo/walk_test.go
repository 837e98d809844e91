// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/testenv/tooltest"
)

// TestFirstFleet types the commands of docs/first-fleet.md into one shell, in a cluster of "make cluster", and compares
// what they print. A reader looks again until a fleet is ready: so does the test, for commands that only read.
func TestFirstFleet(t *testing.T) {
	t.Setenv("TMPDIR", shortDir(t))
	kubectl, err := tooltest.Kubectl()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "cluster")
	r := startDemo(t, []string{clusterMode}, "CLUSTER_DIR="+dir)
	r.wait(t, "docs/first-fleet.md says how to go on")
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(root, "docs", "first-fleet.md"))
	if err != nil {
		t.Fatal(err)
	}
	// The folder and the port of the document may be in use on this machine.
	port := freePort(t)
	text := strings.ReplaceAll(string(data), "bin/cluster/models", dir+"/models")
	text = strings.ReplaceAll(text, "deployment/syncer 8080 &", "deployment/syncer "+port+":8080 >/dev/null &")
	sh := startShell(t, "PATH="+filepath.Dir(kubectl)+":"+os.Getenv("PATH"), "HOME="+t.TempDir())
	page := "http://localhost:" + port
	for _, c := range documented(text) {
		sh.play(t, c)
		switch {
		case strings.Contains(c.line, "port-forward"):
			shows(t, page, "All 6 Workspaces are as desired")
		case strings.Contains(c.line, "git push") && strings.Contains(c.line, "commit"):
			shows(t, page, "1 of 6 Workspaces needs your attention", "workspaces/phi-4-mini.yaml:13:5")
			shows(t, page+"/clusters/demo/workspaces/default/workspace-phi-4-mini", "syncer explain UnknownPreset",
				"microsoft/Phi-4-mini-instruct", "http://workspace-phi-4-mini.default.svc:80", "2,679 USD a month")
		case strings.Contains(c.line, "git push"):
			shows(t, page, "All 6 Workspaces are as desired")
		}
	}
	sh.end()
	r.interrupt(t, syscall.SIGINT)
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder is still there")
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	return port
}

// shows waits until a page has all texts.
func shows(t *testing.T, url string, texts ...string) {
	t.Helper()
	testenv.Eventually(t, url, func() string {
		resp, err := http.Get(url)
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err.Error()
		}
		for _, want := range texts {
			if !strings.Contains(string(body), want) {
				return fmt.Sprintf("%d, without %q: %s", resp.StatusCode, want, body)
			}
		}
		return ""
	})
}

// typed is a command of a document, with the lines that it shows below.
type typed struct {
	line string
	want []string
}

func documented(text string) []typed {
	var out []typed
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case !inside:
		case strings.HasPrefix(line, "$ "):
			out = append(out, typed{line: line[2:]})
		default:
			out[len(out)-1].want = append(out[len(out)-1].want, line)
		}
	}
	return out
}

// reads are commands that a reader repeats until they print what he waits for.
var reads = regexp.MustCompile(`^(syncer status|git fetch|kubectl get|kubectl -n syncer rollout)`)

// play types a command, until it prints what the document shows.
func (s *shell) play(t *testing.T, c typed) {
	t.Helper()
	if !reads.MatchString(c.line) {
		if got := s.do(t, c.line); !printed(got, c.want) {
			t.Fatalf("$ %s prints\n%s\nand not\n%s", c.line, got, strings.Join(c.want, "\n"))
		}
		return
	}
	testenv.Eventually(t, c.line, func() string {
		got := s.do(t, c.line)
		if printed(got, c.want) {
			return ""
		}
		return fmt.Sprintf("it prints\n%s\nand not\n%s", got, strings.Join(c.want, "\n"))
	})
}

// varying are names of commits, ages, and the width of columns.
var varying = []struct {
	re *regexp.Regexp
	by string
}{
	{regexp.MustCompile(`\b[0-9a-f]{7,40}\b`), "COMMIT"},
	{regexp.MustCompile(`\b([0-9]+m)?[0-9]+[smh]$`), "AGE"},
	{regexp.MustCompile(` +`), " "},
}

// printed compares lines. A line "..." stands for any number of lines.
func printed(got string, want []string) bool {
	form := func(line string) string {
		line = strings.TrimRight(line, " \n")
		for _, v := range varying {
			line = v.re.ReplaceAllString(line, v.by)
		}
		return line
	}
	var pattern strings.Builder
	for _, line := range want {
		if line == "..." {
			pattern.WriteString(`(?:.*\n)*?`)
		} else {
			pattern.WriteString(regexp.QuoteMeta(form(line)) + `\n`)
		}
	}
	var lines strings.Builder
	for line := range strings.Lines(got) {
		lines.WriteString(form(line) + "\n")
	}
	return regexp.MustCompile(`\A` + pattern.String() + `\z`).MatchString(lines.String())
}

func TestPrinted(t *testing.T) {
	for _, tt := range []struct {
		got  string
		want []string
		ok   bool
	}{
		{"", nil, true},
		{"a\n", nil, false},
		{"a\nb\nc\n", []string{"a", "...", "c"}, true},
		{"a\nc\n", []string{"a", "...", "c"}, true},
		{"a\nb\n", []string{"a"}, false},
		{"at 0123456789ab\n", []string{"at fedcba987654"}, true},
		{"phi  1/1  12s", []string{"phi   1/1   2m"}, true},
		{"phi  0/1  12s", []string{"phi   1/1   2m"}, false},
	} {
		if got := printed(tt.got, tt.want); got != tt.ok {
			t.Errorf("%q as %q: %t", tt.got, tt.want, got)
		}
	}
}
