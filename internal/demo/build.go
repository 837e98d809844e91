// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"

	"syncer.dev/syncer/internal/testenv"
)

// build compiles by the flags of "make build", so that a user who comes from there waits for nothing twice.
func (d *demo) build(ctx context.Context) error {
	return d.show(ctx, "", "go", "build", "-trimpath", "-o", d.syncer(), "./cmd/syncer")
}

func (d *demo) syncer() string { return filepath.Join(d.root, "bin", "syncer") }

// building is a build that runs in the background.
type building struct {
	done  chan error // gets the result
	lines *lines
}

// buildCluster starts to build the cluster, or only its nodes for the cluster of the user. It takes many minutes where
// nothing is built yet.
func (d *demo) buildCluster(ctx context.Context) error {
	var args []string
	switch program := os.Getenv("DEVCLUSTER"); {
	case d.borrowed():
		fmt.Println("    only emulated nodes for the emulated pools")
		args = append(args, "fakekubelet")
	case program != "" && program != testenv.Download:
		fmt.Printf("    DEVCLUSTER is set: %s is used\n", program)
		return nil
	}
	cmd := exec.CommandContext(ctx, filepath.Join(d.root, "devcluster", "build"), args...)
	cmd.Dir, cmd.Env = d.root, d.env
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.SysProcAttr = ownGroup()
	b := &building{done: make(chan error, 1), lines: &lines{}}
	cmd.Stdout, cmd.Stderr = b.lines, b.lines
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { b.done <- cmd.Wait() }()
	d.built = b
	d.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	return nil
}

// waitCluster waits for the build, and shows how far it is.
func (d *demo) waitCluster(ctx context.Context) error {
	if d.built == nil {
		return nil
	}
	d.built.lines.show("    ")
	select {
	case err := <-d.built.done:
		return err
	case <-ctx.Done():
		<-d.built.done
		return ctx.Err()
	}
}

// lines keeps what a program prints until show is called, and prints it at once from then on.
type lines struct {
	mu     sync.Mutex
	shown  bool
	indent string
	kept   []byte
}

// Write takes output of the program.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, p...)
	if l.shown {
		l.flush()
	}
	return len(p), nil
}

// show prints what there is, and from then on what comes.
func (l *lines) show(indent string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shown, l.indent = true, indent
	l.flush()
}

// flush prints the complete lines.
func (l *lines) flush() {
	for {
		n, line, err := bufio.ScanLines(l.kept, false)
		if err != nil || n == 0 {
			return
		}
		fmt.Printf("%s%s\n", l.indent, line)
		l.kept = l.kept[n:]
	}
}

// show runs a command, and prints its output with an indentation.
func (d *demo) show(ctx context.Context, indent, name string, args ...string) error {
	return d.showIn(ctx, d.root, indent, name, args...)
}

// showIn is show in another folder than that of this repository.
func (d *demo) showIn(ctx context.Context, dir, indent, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, d.env
	r, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	var printing sync.WaitGroup
	printing.Go(func() {
		for lines := bufio.NewScanner(r); lines.Scan(); {
			fmt.Printf("%s%s\n", indent, lines.Text())
		}
	})
	err := cmd.Run()
	_ = w.Close()
	printing.Wait()
	return err
}
