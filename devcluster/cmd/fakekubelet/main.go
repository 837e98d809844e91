// SPDX-License-Identifier: Apache-2.0

// Command fakekubelet plays the nodes of a feed in a cluster that exists already. It touches no other nodes.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"syncer.dev/devcluster/kubelet"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "fakekubelet:", err)
		os.Exit(1)
	}
}

func run() error {
	var o kubelet.Options
	kubeconfig := flag.String("kubeconfig", os.Getenv("KUBECONFIG"), "kubeconfig of the cluster")
	parentStdin := flag.Bool("parent-stdin", false, "exit when standard input is closed, so as not to outlive the parent")
	o.AddFlags(flag.CommandLine)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *parentStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	if o.Name == "devcluster" {
		o.Name = "fakekubelet" // not to be mistaken for the kubelet of a devcluster
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fakekubelet")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.Processes.Server, o.Processes.Dir = cfg.Host, dir
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	if err := kubelet.New(client, o).Run(ctx); ctx.Err() == nil {
		return err
	}
	return nil
}
