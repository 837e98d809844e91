package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/workspace"
)

// validateFlags are the flags of "validate".
type validateFlags struct {
	format, base, old string
	facts             []string
}

func newValidate(std stdio) *cobra.Command {
	var f validateFlags
	cmd := &cobra.Command{
		Use:   "validate PATH...",
		Short: "Check Workspace files, offline",
		Long: `Check the Workspace and InferenceSet files in each PATH (a file, a folder or a repository; "-" is standard input; files are taken together) by KAITO's
rules of admission, by what can be sized, and by rendering them, without a cluster and without Azure. Every problem is said
with path:line:column, the field, and what to do about it.

With --base or --old, what KAITO would forbid to change is told about as well: what is replaced, and what that interrupts.

A ConfigMap that a Workspace names must be in PATH, or among --facts: files with what the cluster has, as kubectl get -o yaml
writes them. Brought nodes are looked for in both, too.

The exit code is 1 when there is an error; warnings do not count.`,
		Example: `  syncer validate example-repo
  syncer validate workspaces/phi-4.yaml --format json
  syncer validate . --base origin/main --format github   # annotations in a GitHub workflow
  kubectl get nodes,configmaps -A -o yaml > facts.yaml && syncer validate . --facts facts.yaml`,
		Args: cobra.MinimumNArgs(1),
	}
	cfg := configFlags(cmd, std)
	cmd.Flags().StringVar(&f.format, "format", "text", "text, json, github or azure")
	cmd.Flags().StringVar(&f.base, "base", "", "commit to compare with")
	cmd.Flags().StringVar(&f.old, "old", "", "file or folder to compare with")
	cmd.Flags().StringArrayVar(&f.facts, "facts", nil, "file or folder with objects that the cluster has; may be repeated")
	cmd.RunE = func(cmd *cobra.Command, paths []string) error {
		print, ok := problemFormats[f.format]
		switch {
		case !ok:
			return fmt.Errorf("--format %q is not one of text, json, github, azure", f.format)
		case f.base != "" && f.old != "":
			return errors.New("give one of --base and --old")
		case f.old != "" && len(paths) != 1:
			return errors.New("--old compares with one PATH")
		}
		offline, err := cfg.offline(paths)
		if err != nil {
			return err
		}
		facts, problems, err := offline.readFacts(f.facts)
		if err != nil {
			return err
		}
		v := validation{reader: offline, facts: facts, flags: f, std: std, problems: problems}
		files, others := split(offline.sourceFolders(paths))
		if len(files) > 0 {
			fsys, display := v.withPresets(files[0], files, files.named)
			if err := v.check(cmd.Context(), files, fsys, display); err != nil {
				return err
			}
		}
		for _, p := range others {
			if err := v.path(cmd.Context(), p); err != nil {
				return err
			}
		}
		found := unique(v.problems)
		if err := print(std.out, found); err != nil {
			return err
		}
		if n := countErrors(found); n > 0 {
			return no("%s in %s", plural(n, "error"), plural(v.workspaces, "Workspace"))
		}
		if f.format == "text" {
			fmt.Fprintf(std.err, "%s valid\n", plural(v.workspaces, "Workspace"))
		}
		return nil
	}
	return cmd
}

// validation is one run of "validate", and what it has found so far.
type validation struct {
	reader
	facts      workspace.Facts
	flags      validateFlags
	std        stdio
	problems   []workspace.Problem
	workspaces int
}

// path checks a PATH that is not a file.
func (v *validation) path(ctx context.Context, name string) error {
	if name != "-" {
		fsys, display, err := v.openPath(name)
		if err != nil {
			return err
		}
		return v.check(ctx, []string{name}, fsys, display)
	}
	fsys, err := stdinFile(v.std.in)
	if err != nil {
		return err
	}
	fsys, display := v.withPresets(v.sourceFolders([]string{"."})[0], fsys, func(string) string { return "<stdin>" })
	return v.check(ctx, []string{name}, fsys, display)
}

// check checks what is in PATHs, which fsys holds together; display says how the user wrote a path in it.
func (v *validation) check(ctx context.Context, paths []string, fsys fs.FS, display func(string) string) error {
	env := envOf(v.config)
	env.ClosedWorld, env.Facts = true, v.facts
	in, err := v.readWith(fsys, env)
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(paths, ", "), err)
	}
	in.Set.Rename(display)
	problems := in.Set.Problems
	seen, known := broughtNodes(in.Set, v.facts)
	if !env.Brought || known { // otherwise nothing can be placed, which is a warning of its own
		desired, _, err := desire(ctx, in, policyOf(v.config), seen)
		if err != nil {
			return err
		}
		problems = desired.Problems
	}
	v.problems = append(v.problems, problems...)
	for _, name := range paths {
		changes, err := v.changes(ctx, name, in.Set)
		if err != nil {
			return err
		}
		v.problems = append(v.problems, changes...)
	}
	v.workspaces += len(in.Set.Workspaces)
	return nil
}

// unique sorts problems by place, and says each once: replicas of an InferenceSet have the same.
func unique(problems []workspace.Problem) []workspace.Problem {
	slices.SortStableFunc(problems, workspace.Problem.Compare)
	return slices.CompactFunc(problems, func(a, b workspace.Problem) bool { return a.String() == b.String() })
}

func countErrors(problems []workspace.Problem) int {
	n := 0
	for _, p := range problems {
		if p.Severity == workspace.Error {
			n++
		}
	}
	return n
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
