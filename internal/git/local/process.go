// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// grace is how long a process may take to clean up after it was asked to stop: git removes its lock files then.
const grace = 2 * time.Second

// process is a running git command. Its streams are read and written by one goroutine.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *os.File
	stderr *words
	done   chan struct{} // closed when the process has ended and was waited for
	once   sync.Once
}

func start(command, path string) (*process, error) {
	cmd := exec.Command("git", command, "--", path)
	// Version 2 of the protocol has no list of refs to begin with; messages are looked for in English.
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(kv string) bool {
		return strings.HasPrefix(kv, "GIT_PROTOCOL=")
	}), "LC_ALL=C")
	ownGroup(cmd)
	cmd.WaitDelay = grace // for a hook that keeps standard error open
	p := &process{cmd: cmd, stderr: &words{}, done: make(chan struct{})}
	cmd.Stderr = p.stderr
	var err error
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	// A pipe of our own: that of exec.Cmd is closed when the process ends, read or not.
	out, childs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer childs.Close()
	p.stdout, cmd.Stdout = out, childs
	if err := cmd.Start(); err != nil {
		_ = out.Close()
		return nil, err
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // what it has to say is on its streams
	}()
	return p, nil
}

// endWith ends the process when ctx does, until the returned function is called.
func (p *process) endWith(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() { _ = p.Close() })
}

// Close ends the process and waits for it. Reading and writing its streams fails from then on.
func (p *process) Close() error {
	p.once.Do(func() {
		_ = p.stdin.Close()
		select {
		case <-p.done: // it had nothing left to do
		default:
			p.stop()
		}
		_ = p.stdout.Close()
	})
	<-p.done
	return nil
}

// stop asks the group to end and kills what is left of it. git ends when it is asked to, but its hooks may ignore the
// signal and outlive it: therefore the group is killed in either case.
func (p *process) stop() {
	signalGroup(p.cmd, false)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	signalGroup(p.cmd, true)
	<-p.done
}

// lastWords waits for the end of a process that has stopped talking, and returns the first line of its messages.
func (p *process) lastWords() string {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
	}
	return p.stderr.first()
}

// words keeps the beginning of what is written.
type words struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

const maxWords = 4 << 10

// Write never fails.
func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf.Write(b[:min(len(b), max(0, maxWords-w.buf.Len()))])
	return len(b), nil
}

func (w *words) first() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for line := range strings.Lines(w.buf.String()) {
		if line = strings.TrimSpace(strings.TrimPrefix(line, "remote:")); line != "" {
			return line
		}
	}
	return ""
}
