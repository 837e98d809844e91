// SPDX-License-Identifier: Apache-2.0

package testenv

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// T is what this package needs of a test; testing.TB is one, and so is the demo.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// Cluster is a running control plane.
type Cluster struct {
	Kubeconfig string
	URL        string

	binary string
	flags  []string
	cmd    *exec.Cmd
	stdin  io.Closer
	stop   func()
}

// startTimeout is how long a caller that has no deadline waits for a cluster. An idle machine takes three seconds.
const startTimeout = 3 * time.Minute

// StartCluster starts a devcluster with the given flags, and stops it when the test ends.
func StartCluster(t T, flags ...string) *Cluster {
	t.Helper()
	binary, err := Binary("devcluster")
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	ctx, cancel := startContext(t)
	defer cancel()
	c, err := start(ctx, binary, flags)
	if err != nil {
		t.Fatalf("start devcluster: %v", err)
		return nil
	}
	t.Cleanup(c.Stop)
	return c
}

func startContext(t T) (context.Context, context.CancelFunc) {
	if w, ok := t.(Waiter); ok {
		return Context(w)
	}
	return context.WithTimeout(context.Background(), startTimeout)
}

func start(ctx context.Context, binary string, flags []string) (*Cluster, error) {
	c := &Cluster{binary: binary, flags: flags, cmd: exec.Command(binary, append([]string{"-parent-stdin"}, flags...)...)}
	var talk bytes.Buffer
	c.cmd.Stderr = &talk
	stdin, err := c.cmd.StdinPipe() // closed by the kernel when we die
	if err != nil {
		return nil, err
	}
	c.stdin = stdin
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.stop = sync.OnceFunc(func() {
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		_ = c.stdin.Close()
		done := make(chan struct{})
		go func() { _ = c.cmd.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			_ = c.cmd.Process.Kill()
			<-done
		}
	})
	line := make(chan string, 1)
	go func() {
		s, _ := bufio.NewReader(stdout).ReadString('\n')
		line <- s
	}()
	select {
	case s := <-line:
		if n, _ := fmt.Sscanf(s, "ready kubeconfig=%s url=%s", &c.Kubeconfig, &c.URL); n == 2 {
			return c, nil
		}
		c.stop()
		return nil, fmt.Errorf("it ended: %s", strings.TrimSpace(talk.String()))
	case <-ctx.Done():
		c.stop()
		return nil, errors.New("it is not ready in time")
	}
}

// Stop ends the cluster, with all its data.
func (c *Cluster) Stop() { c.stop() }

// Crash kills the cluster, without a word to its clients. Its data stay, for Restart.
func (c *Cluster) Crash() {
	_ = c.cmd.Process.Kill()
	c.stop()
}

// Restart starts a cluster that has crashed again, in a new process with the same data, keys and port: resource
// versions go on, and the new API server knows no event from before. The flags of the cluster must not have named a
// folder or a kubeconfig.
func (c *Cluster) Restart(t T) {
	t.Helper()
	at, err := url.Parse(c.URL)
	if err != nil {
		t.Fatalf("%v", err)
		return
	}
	ctx, cancel := startContext(t)
	defer cancel()
	dir := filepath.Dir(c.Kubeconfig)
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // it is a folder of the test now, no more of the devcluster
	next, err := start(ctx, c.binary, append(slices.Clone(c.flags), "-dir", dir, "-port", at.Port()))
	if err != nil {
		t.Fatalf("restart devcluster: %v", err)
		return
	}
	t.Cleanup(next.Stop)
	c.cmd, c.stdin, c.stop = next.cmd, next.stdin, next.stop
}

// Download is a value of the variable DEVCLUSTER that is for devcluster/build, and no path of a program.
const Download = "download"

// Binary returns the path of a program in the bin folder of the repository; an environment variable of its name in
// upper case overrides that.
func Binary(name string) (string, error) {
	if path := os.Getenv(strings.ToUpper(name)); path != "" && path != Download {
		return path, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "bin", name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is not built; run: make %s", path, name)
	}
	return path, nil
}

// Root returns the folder of the repository.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(data, []byte("module syncer.dev/syncer\n")) {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("not inside the repository")
		}
		dir = parent
	}
}
