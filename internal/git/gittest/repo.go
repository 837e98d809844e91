// SPDX-License-Identifier: Apache-2.0

// Package gittest makes real Git repositories, with the real git command, and serves them over HTTP with faults on
// demand.
//
// Every commit is a minute younger than the one before, by a fixed author, and no configuration of the user's is read:
// equal calls give equal hashes.
package gittest

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// T is what a Repo needs of a test; [testing.TB] is one, and so may be a program's own type.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
	TempDir() string
	Cleanup(func())
}

// Main is the branch that Commit commits to.
const Main = "main"

// A Repo is a bare repository. Its methods end the test when git fails.
type Repo struct {
	Dir string

	t      T
	mu     sync.Mutex
	now    time.Time
	server *server
}

// NewRepo makes an empty repository in a temporary folder.
func NewRepo(t T) *Repo {
	t.Helper()
	return newRepo(t)
}

// NewSHA256Repo is NewRepo with object names of SHA-256.
func NewSHA256Repo(t T) *Repo {
	t.Helper()
	return newRepo(t, "--object-format=sha256")
}

func newRepo(t T, options ...string) *Repo {
	t.Helper()
	r := &Repo{Dir: filepath.Join(t.TempDir(), "repo.git"), t: t, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		t.Fatalf("gittest: %v", err)
	}
	r.Git(append([]string{"init", "--quiet", "--bare", "--initial-branch=" + Main, "."}, options...)...)
	r.Git("config", "http.receivepack", "true")
	r.Git("config", "gc.auto", "0")
	r.Git("config", "receive.autogc", "false")
	return r
}

// Git runs git in the repository and returns what it prints.
func (r *Repo) Git(args ...string) string {
	r.t.Helper()
	return r.run(nil, args...)
}

// GitAt is Git with a clock that shows when.
func (r *Repo) GitAt(when string, args ...string) string {
	r.t.Helper()
	alias := "alias.at=!GIT_AUTHOR_DATE=" + when + " GIT_COMMITTER_DATE=" + when + " git"
	return r.run(nil, append([]string{"-c", alias, "at"}, args...)...)
}

// GitInput is Git with something to read.
func (r *Repo) GitInput(stdin string, args ...string) string {
	r.t.Helper()
	return r.run([]byte(stdin), args...)
}

func (r *Repo) run(stdin []byte, args ...string) string {
	r.t.Helper()
	out, err := r.try(stdin, args...)
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	return out
}

func (r *Repo) try(stdin []byte, args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = r.Dir
	cmd.Env = environ()
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("git %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return strings.TrimRight(out.String(), "\n"), nil
}

// environ is the process's environment without anything that would change what git does.
func environ() []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "GIT_") })
	return append(
		env,
		"GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_CONFIG_SYSTEM="+os.DevNull,
		"GIT_TERMINAL_PROMPT=0",
		"LC_ALL=C",
	)
}

// Commit writes files on top of the main branch and returns the commit's hash. Other files stay as they are.
func (r *Repo) Commit(files map[string]string, message string) string {
	r.t.Helper()
	return r.CommitTo(Main, files, message)
}

// CommitTo is Commit for any branch; one that does not exist begins without a parent. A content that begins with
// "symlink:" makes a symbolic link to the rest, one that begins with "gitlink:" a submodule at the rest, which is a
// hash.
func (r *Repo) CommitTo(branch string, files map[string]string, message string) string {
	r.t.Helper()
	return r.fastImport(branch, message, modify(files))
}

// History makes n commits on the main branch, the files of each given by its number, and returns the last one's hash.
func (r *Repo) History(n int, files func(i int) map[string]string) string {
	r.t.Helper()
	commands := make([]string, n)
	for i := range n {
		commands[i] = modify(files(i))
	}
	return r.fastImport(Main, "history", commands...)
}

// Remove deletes files or folders from the main branch and returns the commit's hash.
func (r *Repo) Remove(message string, paths ...string) string {
	r.t.Helper()
	return r.fastImport(Main, message, "D "+strings.Join(paths, "\nD ")+"\n")
}

// modify returns the commands of git fast-import that write files.
func modify(files map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		if hash, ok := strings.CutPrefix(content, "gitlink:"); ok {
			fmt.Fprintf(&b, "M 160000 %s %s\n", hash, name)
			continue
		}
		mode := "100644"
		if target, ok := strings.CutPrefix(content, "symlink:"); ok {
			mode, content = "120000", target
		}
		fmt.Fprintf(&b, "M %s inline %s\ndata %d\n%s\n", mode, name, len(content), content)
	}
	return b.String()
}

// fastImport makes a commit of each list of commands, all by one run of git fast-import.
func (r *Repo) fastImport(branch, message string, commits ...string) string {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	ref := "refs/heads/" + branch
	var b bytes.Buffer
	from := ""
	if tip := r.Head(branch); tip != "" {
		from = "from " + tip + "\n"
	}
	for _, commands := range commits {
		r.now = r.now.Add(time.Minute)
		fmt.Fprintf(&b, "commit %s\ncommitter Test <test@example.com> %d +0000\ndata %d\n%s\n%s%s\n",
			ref, r.now.Unix(), len(message), message, from, commands)
		from = ""
	}
	r.run(b.Bytes(), "fast-import", "--quiet", "--date-format=raw")
	return r.Head(branch)
}

// Head returns the hash of a branch's tip, or "" if there is no such branch.
func (r *Repo) Head(branch string) string {
	out, err := r.try(nil, "rev-parse", "--verify", "--quiet", "refs/heads/"+branch)
	if err != nil {
		return ""
	}
	return out
}

// Reset moves a branch to a revision: a force push.
func (r *Repo) Reset(branch, revision string) {
	r.t.Helper()
	r.Git("update-ref", "refs/heads/"+branch, revision)
}

// DeleteBranch deletes a branch.
func (r *Repo) DeleteBranch(branch string) {
	r.t.Helper()
	r.Git("update-ref", "-d", "refs/heads/"+branch)
}

// Log returns the subjects of a branch's commits, newest first.
func (r *Repo) Log(branch string) []string {
	r.t.Helper()
	return strings.Split(r.Git("log", "--format=%s", branch), "\n")
}

// Show returns the content of the file at path in a revision.
func (r *Repo) Show(revision, path string) string {
	r.t.Helper()
	out, err := r.try(nil, "cat-file", "blob", revision+":"+path)
	if err != nil {
		r.t.Fatalf("%v", err)
	}
	return out
}

// Files returns the paths of all files in a revision, sorted.
func (r *Repo) Files(revision string) []string {
	r.t.Helper()
	return strings.Fields(r.Git("ls-tree", "-r", "--name-only", revision))
}

// Fsck checks every object of the repository as strictly as git can.
func (r *Repo) Fsck() {
	r.t.Helper()
	r.Git("fsck", "--strict", "--no-dangling", "--no-progress")
}

// Hook installs a shell script as a hook, such as "update" or "pre-receive". An empty script removes it.
func (r *Repo) Hook(name, script string) {
	r.t.Helper()
	path := filepath.Join(r.Dir, "hooks", name)
	if script == "" {
		_ = os.Remove(path)
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatalf("gittest: %v", err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		r.t.Fatalf("gittest: %v", err)
	}
}
