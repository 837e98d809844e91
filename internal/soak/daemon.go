// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// daemon is one process of syncer.
type daemon struct {
	cmd  *exec.Cmd
	done chan struct{}

	mu    sync.Mutex
	lines []string // the last of its log
}

const keptLines = 40

// startDaemon starts syncer.
func (w *world) startDaemon() {
	d := &daemon{cmd: exec.Command(w.syncer, "run"), done: make(chan struct{})}
	d.cmd.Env = append(os.Environ(), "SYNCER_CONFIG="+w.config)
	talk, err := d.cmd.StderrPipe()
	if err != nil {
		w.Fatalf("%v", err)
	}
	if err := d.cmd.Start(); err != nil {
		w.Fatalf("%v", err)
	}
	go func() {
		for lines := bufio.NewScanner(talk); lines.Scan(); {
			d.note(lines.Text())
			if w.verbose {
				fmt.Println("    " + lines.Text())
			}
		}
		_ = d.cmd.Wait()
		close(d.done)
	}()
	w.daemon = d
}

func (d *daemon) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lines = append(d.lines, line); len(d.lines) > keptLines {
		d.lines = slices.Delete(d.lines, 0, 1)
	}
}

// last returns the last lines of the log.
func (d *daemon) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.lines, "\n")
}

func (d *daemon) kill() {
	_ = d.cmd.Process.Kill()
	<-d.done
}

// stopGrace is the time that syncer has to end after a signal.
const stopGrace = 10 * time.Second

func (d *daemon) stop() {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.done:
	case <-time.After(stopGrace):
		d.kill()
	}
}

// syncerRuns returns an error if syncer has ended by itself.
func (w *world) syncerRuns() error {
	select {
	case <-w.daemon.done:
		return fmt.Errorf("syncer has ended: %s\n%s", w.daemon.cmd.ProcessState, w.daemon.last())
	default:
		return nil
	}
}
