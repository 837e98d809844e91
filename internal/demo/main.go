// SPDX-License-Identifier: Apache-2.0

// Command demo runs syncer end to end, with a real Kubernetes control plane, a Git repository, and an emulator of
// Azure's API whose pools create nodes in the cluster. "make demo" runs it.
//
// It uses a cluster of its own, and ignores KUBECONFIG. DEMO_KUBECONFIG names another cluster, from which it removes
// at the end all that it has put there. KEEP=1 leaves everything running until Ctrl-C. DEVCLUSTER=download takes
// Kubernetes from its official release instead of building it.
//
// With the argument "cluster" it leaves syncer out, and runs until Ctrl-C: docs/first-fleet.md installs syncer there.
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	d := &demo{start: time.Now(), bare: len(os.Args) > 1 && os.Args[1] == clusterMode}
	err := d.run(ctx)
	interrupted := ctx.Err() != nil // stop ends ctx as well
	if interrupted {
		fmt.Println("\nending: everything that runs is stopped, and what it has made is removed")
	}
	d.cleanup() // a second Ctrl-C changes nothing: what has been made goes, and that takes seconds
	stop()
	if err != nil && !interrupted {
		fmt.Fprintln(os.Stderr, "\ndemo:", err)
	}
	os.Exit(exitCode(interrupted, err))
}

// exitCode is that of a demo that has ended so.
func exitCode(interrupted bool, err error) int {
	switch {
	case interrupted:
		return 130
	case err != nil:
		return 1
	}
	return 0
}

// demo is one run.
type demo struct {
	options
	bare    bool   // without syncer: the user installs it
	azure   string // URL of the emulator, for that user
	start   time.Time
	root    string // of this repository
	dir     string // of all files of the run
	repo    string // bare repository
	cluster string // name of the cluster in the configuration of syncer
	env     []string
	undo    []func()
	built   *building // the cluster that is being built
	daemon  func()    // stops syncer, if it runs
}

// cleanup undoes all steps, the last one first.
func (d *demo) cleanup() {
	for i := len(d.undo) - 1; i >= 0; i-- {
		d.undo[i]()
	}
}

// step is a part of the demo.
type step struct {
	title string
	do    func(context.Context) error
}

func (d *demo) steps() []step {
	if d.bare {
		return d.clusterSteps()
	}
	steps := []step{
		{"build syncer", d.build},
		{"build the cluster, in the background", d.buildCluster},
		{"make a bare Git repository out of example-repo/", d.makeRepository},
		{"without a cluster: check the files", d.showValidate},
		{"without a cluster: the GPUs that a model needs, and their price", d.showSize},
		{"without a cluster: the plan of a pull request", d.showPlan},
		{"wait until the cluster is built", d.waitCluster},
		{"start the emulator of Azure's API, and a Kubernetes control plane", d.startCluster},
		{"run syncer until every Workspace is ready, running or failed", d.converge},
		{"syncer status", d.showStatus},
		{"the status branch", d.showBranch},
		{"push one change: a new Workspace", d.push},
		{"propose a change on a forge: a pull request, its plan, and what becomes of it", d.forge},
	}
	if d.keep {
		steps = append(steps, step{"keep everything running", d.keepRunning})
	}
	if d.borrowed() {
		steps = append(steps, step{"take everything away again, by a commit", d.leave})
	}
	return steps
}

// makeDir makes the folder of all files.
func (d *demo) makeDir() (err error) {
	if d.bare {
		return d.clusterDir()
	}
	d.dir, err = os.MkdirTemp("", "syncer-demo")
	return err
}

func (d *demo) run(ctx context.Context) error {
	var err error
	if d.root, err = os.Getwd(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(d.root, "example-repo")); err != nil {
		return errors.New("run it from the root of the repository: make demo")
	}
	if d.options, err = readOptions(os.LookupEnv); err != nil {
		return err
	}
	d.env = environment(os.Environ())
	d.cluster = aksCluster
	if d.bare {
		d.options = options{}
	}
	if d.borrowed() {
		// Not the name of another syncer of that cluster, which would own the same objects.
		d.cluster = fmt.Sprintf("demo-%d", os.Getpid())
		fmt.Printf("DEMO_KUBECONFIG is set: the demo uses the cluster at %s, by the context %q of\n%s\n",
			d.target.server, d.target.context, d.kubeconfig)
	}
	if err := d.makeDir(); err != nil {
		return err
	}
	d.undo = append(d.undo, func() { _ = os.RemoveAll(d.dir) })
	for _, s := range d.steps() {
		began := time.Now()
		fmt.Printf("\n==> %s\n", s.title)
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.title, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		fmt.Printf("    (%s)\n", time.Since(began).Round(100*time.Millisecond))
	}
	fmt.Printf("\ndone in %s\n", time.Since(d.start).Round(time.Second))
	return nil
}
