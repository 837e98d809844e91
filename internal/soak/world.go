// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"

	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/testenv"
)

const (
	clusterName  = "soak"
	statusBranch = "syncer/status"
)

// world is everything that syncer talks to, and syncer itself.
type world struct {
	rng     *rand.Rand
	verbose bool
	did     map[string]int

	dir, repo, work string // of all files; bare repository; working copy
	syncer, config  string
	listen          string // address of the metrics
	azure           *armsim.Server
	objects         dynamic.Interface
	daemon          *daemon
	undo            []func()
}

type fatal string

// Fatalf makes a world a testenv.T.
func (w *world) Fatalf(format string, args ...any) { panic(fatal(fmt.Sprintf(format, args...))) }

// Helper makes a world a testenv.T.
func (w *world) Helper() {}

// Cleanup makes a world a testenv.T.
func (w *world) Cleanup(f func()) { w.undo = append(w.undo, f) }

func (w *world) cleanup() {
	for _, f := range slices.Backward(w.undo) {
		f()
	}
}

// start builds syncer, and starts everything.
func (w *world) start(ctx context.Context) (err error) {
	if w.dir, err = os.MkdirTemp("", "syncer-soak"); err != nil {
		return err
	}
	w.Cleanup(func() { _ = os.RemoveAll(w.dir) })
	w.repo, w.work = filepath.Join(w.dir, "models.git"), filepath.Join(w.dir, "work")
	w.syncer = filepath.Join(w.dir, "syncer")
	if err := w.command(ctx, "go", "build", "-o", w.syncer, "syncer.dev/syncer/cmd/syncer"); err != nil {
		return err
	}
	if w.azure, err = armsim.Start(armsim.Options{}); err != nil {
		return err
	}
	w.Cleanup(func() { _ = w.azure.Close() })
	c := testenv.StartCluster(w, "-nodes-from", w.azure.NodesURL(clusterName))
	rest, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
	if err != nil {
		return err
	}
	if w.objects, err = dynamic.NewForConfig(rest); err != nil {
		return err
	}
	if err := w.repository(ctx); err != nil {
		return err
	}
	if w.listen, err = free(); err != nil {
		return err
	}
	w.config = filepath.Join(w.dir, "syncer.yaml")
	if err := os.WriteFile(w.config, fmt.Appendf(nil, configuration, clusterName, w.repo, w.azure.URL(), w.listen,
		c.Kubeconfig), 0o600); err != nil {
		return err
	}
	w.startDaemon()
	w.Cleanup(func() { w.daemon.stop() })
	return nil
}

const configuration = `apiVersion: syncer.dev/v1alpha1
kind: Config
cluster: %[1]s
source: {url: %[2]q, path: workspaces, interval: 1s}
status: {debounce: 1s, keep: 100}
capacity:
  aks:
    subscriptionID: s
    resourceGroup: rg
    cluster: %[1]s
    location: eastus
    auth: anonymous
    endpoint: %[3]q
    interval: 2s
listen: %[4]q
kubeconfig: %[5]q
`

// repository makes a bare repository with one Workspace, and a working copy.
func (w *world) repository(ctx context.Context) error {
	for _, args := range [][]string{
		{"init", "-q", "--bare", "-b", "main", w.repo},
		{"init", "-q", "-b", "main", w.work},
		{"-C", w.work, "remote", "add", "origin", w.repo},
	} {
		if err := w.git(ctx, args...); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(w.work, "workspaces"), 0o755); err != nil {
		return err
	}
	if !w.pushFile(ctx) {
		return errors.New("cannot push")
	}
	return nil
}

// git runs git as a user who has a name.
func (w *world) git(ctx context.Context, args ...string) error {
	user := []string{"-c", "user.name=A User", "-c", "user.email=user@example.com"}
	return w.command(ctx, "git", append(user, args...)...)
}

func (w *world) command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil && w.verbose {
		fmt.Printf("soak: %s %q: %v: %s\n", name, args, err, out)
	}
	return err
}

// commit commits and pushes the working copy. It reports false if nothing has changed.
func (w *world) commit(ctx context.Context, subject string) bool {
	if w.git(ctx, "-C", w.work, "add", "-A") != nil || w.git(ctx, "-C", w.work, "commit", "-q", "-m", subject) != nil {
		return false
	}
	if err := w.git(ctx, "-C", w.work, "push", "-q", "origin", "main"); err != nil && ctx.Err() == nil {
		w.Fatalf("push: %v", err)
	}
	return true
}

// free returns an address that no process listens on.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// rest ends the faults, and waits until the recorded status says that every file has what it asks for, and no other.
func (w *world) rest(ctx context.Context) error {
	w.azure.Heal()
	var want []string
	for _, name := range names {
		if _, err := os.Stat(w.path(name)); err == nil {
			want = append(want, "model-"+name)
			w.write(ctx, name, fmt.Sprintf(workspaceFile, name, 1000, "auto"))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, restTime)
	defer cancel()
	began, last := time.Now(), ""
	for ctx.Err() == nil {
		states, err := w.states(ctx)
		ready := maps.Clone(states)
		maps.DeleteFunc(ready, func(_, state string) bool { return state != "Ready" })
		if err == nil && len(ready) == len(states) && slices.Equal(slices.Sorted(maps.Keys(states)), want) {
			fmt.Printf("at rest after %s: %v\n", time.Since(began).Round(time.Second), states)
			return nil
		}
		last = fmt.Sprint(states, err)
		pause(ctx, time.Second)
	}
	return fmt.Errorf("it does not come to rest: %s, and %q are wanted\n%s", last, want, w.daemon.last())
}

// states reads the recorded status: states, by names of Workspaces.
func (w *world) states(ctx context.Context) (map[string]string, error) {
	cmd := exec.CommandContext(ctx, w.syncer, "status", "-o", "json")
	cmd.Env = append(os.Environ(), "SYNCER_CONFIG="+w.config)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("syncer status: %w: %s", err, strings.TrimSpace(string(out)))
	}
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct{ State string }
		}
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, err
	}
	states := map[string]string{}
	for _, i := range list.Items {
		states[i.Metadata.Name] = i.Status.State
	}
	return states, nil
}
