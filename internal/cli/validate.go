// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/cli/validation"
	"syncer.dev/syncer/internal/diag"
)

// validateOptions are the options of "validate".
type validateOptions struct {
	Stdio
	settings settings.Settings

	paths             []string
	format, base, old string
}

func newValidate(std Stdio) *cobra.Command {
	o := validateOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "validate PATH...",
		Short: "Check Workspace files, offline",
		Long: `Check the Workspace and InferenceSet files in each PATH (file, folder, repository, or "-" for standard input)
against KAITO's admission rules, size them and render them. Each problem has path:line:column, field and hint.
With --base or --old, also report replacements, and the interruptions that they cause.
ConfigMaps and existing nodes that Workspaces name must be in PATH or --facts (files of kubectl get -o yaml).`,
		Example: `  syncer validate . --base origin/main --format github   # annotations in a GitHub workflow
  kubectl get nodes,configmaps -A -o yaml > facts.yaml && syncer validate . --facts facts.yaml`,
		Args: cobra.MinimumNArgs(1),
	}
	offlineFlags(cmd, std, &o.settings)
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "text", orList(formats))
	f.StringVarP(&o.format, "output", "o", "text", "the same as --format")
	completes(cmd, "format", fixed(formats...))
	completes(cmd, "output", fixed(formats...))
	f.StringVar(&o.base, "base", "", "commit to compare with, or where this branch forked off it")
	f.StringVar(&o.old, "old", "", "file or folder to compare with")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		o.paths = paths
		return o.run(cmd.Context())
	}
	return cmd
}

// check refuses options that contradict each other.
func (o validateOptions) check() error {
	switch {
	case o.base != "" && o.old != "":
		return errors.New("give one of --base and --old")
	case o.old != "" && len(o.paths) != 1:
		return errors.New("--old compares with one PATH")
	}
	return oneOf("--format", o.format, append(formats, "table")...)
}

// formats are the forms of the answer of "validate": those of every answer, and those of pipelines.
var formats = append(slices.Clone(diag.Formats), "yaml", "name")

// run checks every PATH, and prints the problems. Errors make the exit code 1, warnings do not.
func (o validateOptions) run(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	offline, err := o.settings.Offline(o.paths)
	if err != nil {
		return err
	}
	checked, err := validation.Check(ctx, offline, validation.Request{
		Paths: o.paths,
		Input: o.In,
		Base:  o.base,
		Old:   o.old,
		Now:   time.Now(),
	})
	if err != nil {
		return err
	}
	return checked.Print(o.Out, o.Err, o.format)
}
