// SPDX-License-Identifier: Apache-2.0

// Command devcluster is a real Kubernetes control plane in one process: etcd, kube-apiserver, kube-controller-manager
// and kube-scheduler of Kubernetes 1.37, with nodes that are played by a small fake kubelet. With the build tag
// "download" the three parts of Kubernetes are the official programs, as processes of its own. It listens on loopback
// only, keeps everything in one folder, and prints one line when it is ready:
//
//	ready kubeconfig=/tmp/dc123/kubeconfig url=https://127.0.0.1:41017
//
// It is for demos and tests: nothing is fsynced, and the pods do not run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"syncer.dev/devcluster/kubelet"
)

func main() {
	stdout, stderr := os.Stdout, os.Stderr // run sends the noise of the control plane to a file
	if err := run(stdout); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "devcluster:", err)
		os.Exit(1)
	}
}

// settings are the command line.
type settings struct {
	dir         string
	kubeconfig  string
	audit       string
	port        int
	nodes       int
	parentStdin bool
	kubelet     kubelet.Options
}

func parse() (settings, error) {
	var s settings
	flag.StringVar(
		&s.dir,
		"dir",
		"",
		"folder for all data, short enough for a unix socket (default: a new one, removed at the end)",
	)
	flag.StringVar(&s.kubeconfig, "kubeconfig", "", "write the kubeconfig here too")
	flag.StringVar(&s.audit, "audit", "", "write the API server's audit log here: a line for each request")
	flag.IntVar(&s.port, "port", 0, "port of the API server on 127.0.0.1 (default: any free one)")
	flag.IntVar(&s.nodes, "nodes", 1, "number of plain nodes without GPUs")
	flag.BoolVar(
		&s.parentStdin,
		"parent-stdin",
		false,
		"exit when standard input is closed, so as not to outlive the parent",
	)
	s.kubelet.AddFlags(flag.CommandLine)
	flag.Parse()
	if flag.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	return s, nil
}

func run(stdout io.Writer) error {
	s, err := parse()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if s.parentStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "dc")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		s.dir = dir
	} else if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if err := logTo(filepath.Join(s.dir, "devcluster.log")); err != nil {
		return err
	}
	cp, err := start(ctx, s)
	if err != nil {
		return err
	}
	defer cp.stop()
	kubeconfigs := []string{filepath.Join(s.dir, "kubeconfig")}
	if s.kubeconfig != "" {
		kubeconfigs = append(kubeconfigs, s.kubeconfig)
	}
	if err := cp.pki.kubeconfig(cp.url, kubeconfigs...); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "ready kubeconfig=%s url=%s\n", kubeconfigs[len(kubeconfigs)-1], cp.url)
	select {
	case <-ctx.Done():
		return nil
	case err := <-cp.failed:
		return err
	}
}

// logTo sends everything that the parts of the control plane print to a file. They log hundreds of harmless lines.
func logTo(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	os.Stdout, os.Stderr = f, f
	return nil
}
