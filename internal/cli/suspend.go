// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/app/edit"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/scaffold"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/source"
)

// suspendOptions are the options of "suspend" and "resume".
type suspendOptions struct {
	Stdio
	settings settings.Settings

	document  scaffold.Suspend
	all, push bool
	duration  time.Duration
	until     string
	now       time.Time
}

func newSuspend(std Stdio) *cobra.Command {
	o := suspendOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "suspend NAME",
		Short: "Stop all changes of a Workspace, or of all, by a document in the repository",
		Long: `Write a document of kind Suspend into the repository of the current folder: once it is merged, syncer
changes nothing of the Workspace until the document is removed or its time is over. What runs goes on. Commit the
file, or let --push commit it to the branch of source.url.

To scale a Workspace to zero instead, set its annotation syncer.dev/suspend.`,
		Example: `  syncer suspend workspace-phi-4-mini --reason "incident 42" --for 4h
  syncer suspend --all --reason "the registry is down" --push --config syncer.yaml`,
		Args: cobra.MaximumNArgs(1),
	}
	given := o.flags(cmd)
	cmd.Flags().StringVar(&o.document.Reason, "reason", "", "why; people read it in the status")
	cmd.Flags().DurationVar(&o.duration, "for", 0, "how long, such as 4h; until resumed if 0")
	cmd.Flags().StringVar(&o.until, "until", "", "until when, such as 2026-12-01T08:00:00Z")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.settings, o.now = given(), time.Now()
		return o.suspend(cmd.Context(), args)
	}
	return cmd
}

func newResume(std Stdio) *cobra.Command {
	o := suspendOptions{Stdio: std}
	cmd := &cobra.Command{
		Use:   "resume NAME",
		Short: "Remove the document that suspend has written",
		Long: `Remove the document of kind Suspend that "syncer suspend" with the same arguments has written, from the
repository of the current folder, or with --push from the branch of source.url. syncer then carries out what has been
merged meanwhile.`,
		Example: `  syncer resume workspace-phi-4-mini
  syncer resume --all --push --config syncer.yaml`,
		Args: cobra.MaximumNArgs(1),
	}
	given := o.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.settings = given()
		return o.resume(cmd.Context(), args)
	}
	return cmd
}

func (o *suspendOptions) flags(cmd *cobra.Command) func() settings.Settings {
	given := configFlags(cmd, o.Stdio)
	cmd.Flags().StringVarP(&o.document.Namespace, "namespace", "n", "default", "namespace of the Workspace")
	cmd.Flags().BoolVar(&o.all, "all", false, "everything in the repository, instead of one Workspace")
	cmd.Flags().BoolVar(&o.push, "push", false, "commit to the branch of source.url, instead of writing the file")
	return given
}

// suspend writes the document.
func (o suspendOptions) suspend(ctx context.Context, args []string) error {
	if err := o.selects(args); err != nil {
		return err
	}
	if strings.TrimSpace(o.document.Reason) == "" {
		return errors.New("--reason is missing: the status shows it to people whose changes wait")
	}
	if err := o.ends(); err != nil {
		return err
	}
	o.document.Reason = strings.Join(strings.Fields(o.document.Reason), " ")
	what := cmp.Or(o.document.Name, "everything")
	return o.change(ctx, []byte(o.document.YAML()), fmt.Sprintf("Suspend %s: %s", what, o.document.Reason))
}

// resume removes it.
func (o suspendOptions) resume(ctx context.Context, args []string) error {
	if err := o.selects(args); err != nil {
		return err
	}
	return o.change(ctx, nil, "Resume "+cmp.Or(o.document.Name, "everything"))
}

// selects reads which Workspace is meant.
func (o *suspendOptions) selects(args []string) error {
	switch {
	case o.all == (len(args) == 1):
		return errors.New("name a Workspace, or give --all")
	case o.all:
		o.document.Namespace = ""
		return nil
	}
	namespace, name, both := strings.Cut(args[0], "/")
	if !both {
		namespace, name = o.document.Namespace, args[0]
	}
	if o.document.Namespace, o.document.Name = namespace, name; !fs.ValidPath(o.document.File()) || name == "" ||
		strings.ContainsAny(namespace+name, "/\\ ") {
		return fmt.Errorf("%q is not the name of a Workspace", args[0])
	}
	return nil
}

// ends reads how long the suspension holds.
func (o *suspendOptions) ends() error {
	switch {
	case o.duration != 0 && o.until != "":
		return errors.New("give one of --for and --until")
	case o.duration < 0:
		return errors.New("--for must be positive")
	case o.duration > 0:
		o.document.Until = o.now.Add(o.duration)
	case o.until != "":
		at, err := time.Parse(time.RFC3339, o.until)
		if err != nil {
			return fmt.Errorf("--until %q is not a time such as 2026-12-01T08:00:00Z", o.until)
		}
		if !at.After(o.now) {
			return fmt.Errorf("--until %s is over", o.until)
		}
		o.document.Until = at
	}
	return nil
}

// change writes or removes the file, and says where.
func (o suspendOptions) change(ctx context.Context, text []byte, message string) error {
	c, err := o.settings.Load()
	if err != nil {
		return err
	}
	name := path.Join(c.Source.Path, scaffold.SuspendFolder, o.document.File())
	if o.push {
		return o.commit(ctx, c, name, text, message)
	}
	root, _, err := source.RepositoryOf(".")
	if err != nil {
		return fmt.Errorf("find the repository: %w", err)
	}
	file := filepath.Join(root, filepath.FromSlash(name))
	if text == nil {
		if err := os.Remove(file); errors.Is(err, fs.ErrNotExist) {
			return answer.No("%s does not exist: nothing was suspended by it", name)
		} else if err != nil {
			return err
		}
		diag.Fprintf(o.Out, "removed %s\n", name)
	} else {
		if err := source.CheckLinks(file); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
		diag.Fprintf(o.Out, "wrote %s\n", name)
	}
	diag.Fprintf(o.Err, "%s\n", whenItCounts(c.Source))
	return nil
}

// whenItCounts says what is left to do with a change in the working folder.
func whenItCounts(s config.Source) string {
	switch {
	case s.Commit != "":
		return "It counts once source.commit names a commit that has it."
	case s.Tag != "":
		return "It counts once tag " + s.Tag + " names a commit that has it. Commit it, and move the tag."
	}
	return "It counts once it is on branch " + s.Branch + ". Commit it, and push."
}

// commit changes the file on the branch.
func (o suspendOptions) commit(ctx context.Context, c config.Config, name string, text []byte, message string) error {
	person := func(variable, otherwise string) string {
		if v, ok := o.Env(variable); ok && v != "" {
			return v
		}
		return otherwise
	}
	tip, err := edit.Push(ctx, c, edit.File{
		Folder: scaffold.SuspendFolder, Name: o.document.File(), Text: text, Message: message + "\n",
		Author: config.Author{
			Name:  person("GIT_AUTHOR_NAME", c.Status.Author.Name),
			Email: person("GIT_AUTHOR_EMAIL", c.Status.Author.Email),
		},
	})
	switch {
	case errors.Is(err, edit.ErrNothingToChange):
		return answer.No("%s: nothing to change on branch %s", name, c.Source.Branch)
	case err != nil:
		return err
	}
	done := "wrote"
	if text == nil {
		done = "removed"
	}
	diag.Fprintf(o.Out, "%s %s on branch %s by commit %s\n", done, name, c.Source.Branch, tip.Short())
	return nil
}
