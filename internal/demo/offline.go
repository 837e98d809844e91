// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// What syncer does without a cluster and without Azure, in a clone: the first half of the demo.

// showValidate checks the repository. It holds a Workspace with a mistake, on purpose: the exit code is 1.
func (d *demo) showValidate(ctx context.Context) error {
	return d.offline(ctx, "validate", ".")
}

func (d *demo) showSize(ctx context.Context) error {
	return d.offline(ctx, "size", "workspaces/phi-4-mini.yaml")
}

// reviewed is the Workspace that pull requests add: the one that showPlan shows, and the one on the forge.
const reviewed = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: workspace-mistral
resource:
  instanceType: auto
  labelSelector:
    matchLabels:
      app: mistral
inference:
  preset:
    name: mistral-7b-instruct
`

// showPlan shows what a branch would change. The branch is gone afterwards.
func (d *demo) showPlan(ctx context.Context) error {
	if err := d.git(ctx, "switch", "-q", "-c", "mistral"); err != nil {
		return err
	}
	file := filepath.Join(d.work(), "workspaces", "mistral.yaml")
	if err := os.WriteFile(file, []byte(reviewed), 0o644); err != nil {
		return err
	}
	if err := d.git(ctx, "add", "-A"); err != nil {
		return err
	}
	if err := d.git(ctx, "commit", "-q", "-m", "Serve mistral-7b-instruct"); err != nil {
		return err
	}
	if err := d.offline(ctx, "plan", "--base", "main"); err != nil {
		return err
	}
	if err := d.git(ctx, "switch", "-q", "main"); err != nil {
		return err
	}
	return d.git(ctx, "branch", "-q", "-D", "mistral")
}

func (d *demo) git(ctx context.Context, args ...string) error {
	return d.showIn(ctx, d.work(), "", "git", args...)
}

// offline shows a command of syncer in the working copy, and what it answers. A no is an answer too.
func (d *demo) offline(ctx context.Context, args ...string) error {
	fmt.Print("    $ syncer")
	for _, a := range args {
		fmt.Print(" ", a)
	}
	fmt.Println()
	err := d.showIn(ctx, d.work(), "    ", d.syncer(), args...)
	if no := new(exec.ExitError); errors.As(err, &no) && no.ExitCode() == 1 {
		return nil
	}
	return err
}
