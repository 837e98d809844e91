// SPDX-License-Identifier: Apache-2.0

// Command syncer keeps a Kubernetes cluster on AKS equal to a Git repository of AI workspaces.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"syncer.dev/syncer/internal/cli"
	"syncer.dev/syncer/internal/outbound"
	"syncer.dev/syncer/internal/render/kustomize"
)

func main() {
	outbound.Forbid()
	kustomize.GuardLog()
	ctx, end := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		if <-signals == syscall.SIGTERM {
			end(cli.ErrTerminated)
		}
		end(context.Canceled)
	}()
	code := cli.Run(ctx, os.Args[1:], cli.Stdio{
		In:        os.Stdin,
		Out:       os.Stdout,
		Err:       os.Stderr,
		Env:       os.LookupEnv,
		Variables: os.Environ(),
	})
	os.Exit(code)
}
