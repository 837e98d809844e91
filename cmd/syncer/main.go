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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], cli.Stdio{
		In:        os.Stdin,
		Out:       os.Stdout,
		Err:       os.Stderr,
		Env:       os.LookupEnv,
		Variables: os.Environ(),
	})
	stop()
	os.Exit(code)
}
