// SPDX-License-Identifier: Apache-2.0

// Command demo runs syncer end to end, with a real Kubernetes control plane, a Git repository, and an emulator of
// Azure's API whose pools create nodes in the cluster. "make demo" runs it.
//
// With KUBECONFIG set it uses that cluster instead of its own, and cleans up at the end.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	d := &demo{start: time.Now()}
	err := d.run(ctx)
	d.cleanup()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
		os.Exit(1)
	}
}

// demo is one run.
type demo struct {
	start  time.Time
	root   string // of this repository
	dir    string // of all files of the run
	repo   string // bare repository
	env    []string
	undo   []func()
	borrow bool   // the cluster is the user's
	daemon func() // stops syncer, if it runs
}

// cleanup undoes all steps, the last one first.
func (d *demo) cleanup() {
	for i := len(d.undo) - 1; i >= 0; i-- {
		d.undo[i]()
	}
}

func (d *demo) run(ctx context.Context) error {
	var err error
	if d.root, err = os.Getwd(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(d.root, "example-repo")); err != nil {
		return errors.New("run it from the root of the repository: make demo")
	}
	if d.dir, err = os.MkdirTemp("", "syncer-demo"); err != nil {
		return err
	}
	d.undo = append(d.undo, func() { _ = os.RemoveAll(d.dir) })
	d.borrow = os.Getenv("KUBECONFIG") != ""

	for _, s := range []struct {
		title string
		do    func(context.Context) error
	}{
		{"build syncer", d.build},
		{"build the cluster (some minutes the first time)", d.buildCluster},
		{"start the emulator of Azure's API, and a Kubernetes control plane", d.startCluster},
		{"make a bare Git repository out of example-repo/", d.makeRepository},
		{"run syncer until every Workspace is ready, running or failed", d.converge},
		{"syncer status", d.showStatus},
		{"the status branch", d.showBranch},
		{"push one change: a new Workspace", d.push},
		{"propose a change on a forge: a pull request, its plan, and what becomes of it", d.forge},
		{"take everything away again", d.leave},
	} {
		if s.title == "take everything away again" && !d.borrow {
			continue
		}
		began := time.Now()
		fmt.Printf("\n==> %s\n", s.title)
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.title, err)
		}
		fmt.Printf("    (%s)\n", time.Since(began).Round(100*time.Millisecond))
	}
	fmt.Printf("\ndone in %s\n", time.Since(d.start).Round(time.Second))
	return nil
}
