// SPDX-License-Identifier: Apache-2.0

// Command fakekubelet plays the nodes of a feed in a cluster that exists already. It touches no other nodes. With
// -sweep it leaves nothing behind, however it ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
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
	labels := flag.String("sweep", "", "at the end delete the nodes that it plays, and all objects with these labels")
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
	err = kubelet.New(client, o).Run(ctx)
	if *labels == "" {
		return ending(ctx, err)
	}
	return errors.Join(ending(ctx, err), leave(cfg, client, o.Name, *labels))
}

// ending is the error of a run that no signal has ended.
func ending(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// leaveTimeout bounds how long the end may take.
const leaveTimeout = time.Minute

// leave takes everything away again: the objects first, so that no controller makes their pods again.
func leave(cfg *rest.Config, client kubernetes.Interface, name, labels string) error {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	objects, err := sweep(ctx, cfg, labels)
	nodes, nodesErr := kubelet.Leave(ctx, client, name)
	fmt.Fprintf(os.Stderr, "fakekubelet: removed %d objects with the labels %s, and %d nodes\n", objects, labels, nodes)
	return errors.Join(err, nodesErr)
}
