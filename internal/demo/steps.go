// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/testenv"
	"syncer.dev/syncer/internal/wellknown"
)

// aksCluster is the name of the emulated AKS cluster, as in example-repo/syncer.yaml.
const aksCluster = "demo"

// Fatalf makes a demo a testenv.T.
func (d *demo) Fatalf(format string, args ...any) { panic(fatal(fmt.Sprintf(format, args...))) }

// Helper makes a demo a testenv.T.
func (d *demo) Helper() {}

// Cleanup makes a demo a testenv.T.
func (d *demo) Cleanup(f func()) { d.undo = append(d.undo, f) }

type fatal string

// caught, deferred, makes the panic of Fatalf the error of a step. Any other panic goes on.
func caught(err *error) {
	switch f := recover().(type) {
	case nil:
	case fatal:
		*err = errors.New(string(f))
	default:
		panic(f)
	}
}

func (d *demo) startCluster(ctx context.Context) (err error) {
	defer caught(&err)
	azure, err := armsim.Start(armsim.Options{})
	if err != nil {
		return err
	}
	d.Cleanup(func() { _ = azure.Close() })
	kubeconfig := d.kubeconfig
	if d.borrowed() {
		if err := d.playNodes(kubeconfig, azure.NodesURL(aksCluster)); err != nil {
			return err
		}
	} else {
		c := testenv.StartCluster(d, "-nodes-from", azure.NodesURL(aksCluster), "-job-duration", "8s")
		kubeconfig = c.Kubeconfig
		fmt.Printf("    Kubernetes at %s\n", c.URL)
	}
	fmt.Printf("    Azure at %s\n", azure.URL())
	d.env = append(d.env,
		"KUBECONFIG="+kubeconfig,
		"SYNCER_CLUSTER="+d.cluster,
		"SYNCER_SOURCE_URL="+d.repo,
		"SYNCER_CONFIG="+filepath.Join(d.root, "example-repo", "syncer.yaml"),
		"SYNCER_CAPACITY_AKS_ENDPOINT="+azure.URL(),
		"SYNCER_CAPACITY_AKS_AUTH=anonymous",
		"SYNCER_CAPACITY_AKS_INTERVAL=2s",
		"SYNCER_STATUS_DEBOUNCE=2s",
		"SYNCER_LISTEN=",
	)
	return ctx.Err()
}

// playNodes runs the fake kubelet against the user's cluster. However it ends, also without the demo, it takes all
// nodes and all objects of the demo away.
func (d *demo) playNodes(kubeconfig, feed string) error {
	cmd := exec.Command(filepath.Join(d.root, "bin", "fakekubelet"), "-parent-stdin",
		"-kubeconfig", kubeconfig, "-kubelet-name", d.cluster,
		"-nodes-from", feed, "-job-duration", "8s",
		"-sweep", wellknown.LabelCluster+"="+d.cluster)
	cmd.Env = d.env
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = ownGroup()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	d.Cleanup(func() { stop(cmd, stdin) })
	return nil
}

// stopGrace is the time that a process has to end after a signal. The fake kubelet has a minute for what is left.
const stopGrace = 70 * time.Second

func stop(cmd *exec.Cmd, stdin io.Closer) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if stdin != nil {
		_ = stdin.Close()
	}
	timer := time.AfterFunc(stopGrace, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait()
	timer.Stop()
}

func (d *demo) makeRepository(ctx context.Context) error {
	d.repo = filepath.Join(d.dir, "models.git")
	if err := os.CopyFS(d.work(), os.DirFS(filepath.Join(d.root, "example-repo"))); err != nil {
		return err
	}
	if err := d.initRepository(ctx); err != nil {
		return err
	}
	return d.commit(ctx, "Serve phi-4-mini, tune phi-3-mini", "")
}

// initRepository makes the bare repository, and makes the working copy a clone of it.
func (d *demo) initRepository(ctx context.Context) error {
	for _, args := range [][]string{
		{"init", "-q", "--bare", "-b", "main", d.repo},
		{"init", "-q", "-b", "main", d.work()},
		{"-C", d.work(), "remote", "add", "origin", d.repo},
	} {
		if err := d.show(ctx, "", "git", args...); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) work() string { return filepath.Join(d.dir, "models") }

// commit commits and pushes everything in the working copy.
func (d *demo) commit(ctx context.Context, subject, trailer string) error {
	message := subject
	if trailer != "" {
		message += "\n\n" + trailer
	}
	for _, args := range [][]string{
		{"add", "-A"},
		{"commit", "-q", "-m", message},
		{"push", "-q", "--set-upstream", "origin", "main"},
	} {
		if err := d.git(ctx, args...); err != nil {
			return err
		}
	}
	return d.show(ctx, "    ", "git", "-C", d.work(), "log", "-1", "--stat", "--format=%h %s")
}

// converge starts the daemon, which runs until the end of the demo.
func (d *demo) converge(ctx context.Context) error {
	if err := d.startDaemon(); err != nil {
		return err
	}
	return d.until(ctx, 5*time.Minute, func(s []item) bool {
		return len(s) >= 3 &&
			!slices.ContainsFunc(s, func(i item) bool { return i.Status.State == "Pending" || i.Status.State == "NotReady" })
	})
}

func (d *demo) startDaemon() error {
	cmd := exec.Command(d.syncer(), "run")
	cmd.Env = d.env
	cmd.SysProcAttr = ownGroup()
	talk, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		for lines := bufio.NewScanner(talk); lines.Scan(); {
			if lines.Text() != "syncer: interrupted" { // by us, at the end
				fmt.Printf("    %s\n", shorten(lines.Text()))
			}
		}
	})
	d.daemon = sync.OnceFunc(func() { stop(cmd, nil); reading.Wait() })
	d.Cleanup(d.daemon)
	return nil
}

// stopDaemon ends syncer.
func (d *demo) stopDaemon() { d.daemon() }

// shorten removes the date from a line of the log.
func shorten(line string) string {
	if rest, ok := strings.CutPrefix(line, "time="); ok {
		if t, rest, ok := strings.Cut(rest, " "); ok {
			if at, err := time.Parse(time.RFC3339, t); err == nil {
				return at.Format("15:04:05") + " " + rest
			}
		}
	}
	return line
}

// item is the part of "syncer status -o json" that the demo reads.
type item struct {
	Metadata struct{ Name string }
	Status   struct{ State string }
}

// until polls the recorded status until done.
func (d *demo) until(parent context.Context, limit time.Duration, done func([]item) bool) error {
	ctx, cancel := context.WithTimeout(parent, limit)
	defer cancel()
	for {
		cmd := exec.CommandContext(ctx, d.syncer(), "status", "-o", "json")
		cmd.Env = d.env
		var list struct{ Items []item }
		if out, err := cmd.Output(); err == nil && json.Unmarshal(out, &list) == nil && done(list.Items) {
			return nil
		}
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
			if parent.Err() != nil {
				return parent.Err()
			}
			return errors.New("timed out")
		}
	}
}

func (d *demo) showStatus(ctx context.Context) error {
	return d.show(ctx, "    ", d.syncer(), "status")
}

const statusBranch = "syncer/status"

func (d *demo) showBranch(ctx context.Context) error {
	if err := d.show(ctx, "    ", "git", "-C", d.repo, "log", "--format=%h %s", statusBranch); err != nil {
		return err
	}
	fmt.Println()
	return d.show(
		ctx,
		"    ",
		"git",
		"-C",
		d.repo,
		"show",
		statusBranch+":status/"+d.cluster+"/default/workspace-tuning-phi-3.yaml",
	)
}

// added is the Workspace that the demo pushes while syncer runs. It leaves the choice of a size to syncer.
const added = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: workspace-falcon
resource:
  instanceType: auto
  labelSelector:
    matchLabels:
      app: falcon
inference:
  preset:
    name: falcon-7b
`

func (d *demo) push(ctx context.Context) error {
	fmt.Println("    polling every 30s; the push is seen through the file watch")
	if err := os.WriteFile(filepath.Join(d.work(), "workspaces", "falcon.yaml"), []byte(added), 0o644); err != nil {
		return err
	}
	if err := d.commit(ctx, "Serve falcon-7b", ""); err != nil {
		return err
	}
	err := d.until(ctx, 3*time.Minute, func(s []item) bool {
		return slices.ContainsFunc(
			s,
			func(i item) bool { return i.Metadata.Name == "workspace-falcon" && i.Status.State == "Ready" },
		)
	})
	if err != nil {
		return err
	}
	fmt.Println()
	return d.show(ctx, "    ", "git", "-C", d.repo, "log", "-1", "--stat", "--grep=workspace-falcon Ready", statusBranch)
}

// leave removes all Workspaces by a commit. What remains goes when the fake kubelet ends.
func (d *demo) leave(ctx context.Context) error {
	d.stopDaemon() // it may follow the forge
	if err := d.startDaemon(); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(d.work(), "workspaces", "*.yaml"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(d.work(), "workspaces", ".gitkeep"), nil, 0o644); err != nil {
		return err
	}
	if err := d.commit(ctx, "Remove all Workspaces", "Syncer-Allow-Empty: true"); err != nil {
		return err
	}
	capacity := "status/" + d.cluster + "/capacity.yaml"
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for {
		out, err := exec.CommandContext(ctx, "git", "-C", d.repo, "show", statusBranch+":"+capacity).Output()
		if err == nil && strings.Contains(string(out), "pools: []") {
			return nil
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return errors.New("the pools are still there")
		}
	}
}
