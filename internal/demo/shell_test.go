// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// shell is one that a reader types into: what he sets stays set.
type shell struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	end func()
}

// mark ends the output of a command.
const mark = "--end of the command--"

func startShell(t *testing.T, env ...string) *shell {
	t.Helper()
	s := &shell{cmd: exec.Command("bash", "--norc", "--noprofile")}
	s.cmd.Env = append(environment(os.Environ()), env...)
	s.cmd.SysProcAttr = ownGroup()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stdout, s.cmd.Stderr = write, write
	s.out = bufio.NewReader(read)
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = write.Close()
	ended := false
	s.end = func() {
		if ended {
			return
		}
		ended = true
		_, _ = io.WriteString(s.in, "kill $(jobs -p) 2>/dev/null; exit\n")
		_ = s.cmd.Wait()
		_ = read.Close()
	}
	t.Cleanup(s.end)
	return s
}

// do types a line, and returns what it prints.
func (s *shell) do(t *testing.T, line string) string {
	t.Helper()
	if _, err := io.WriteString(s.in, line+"\necho "+mark+"\n"); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for {
		got, err := s.out.ReadString('\n')
		if err != nil {
			t.Fatalf("$ %s: %v after %s", line, err, text.String())
		}
		if got == mark+"\n" {
			return text.String()
		}
		text.WriteString(got)
	}
}
