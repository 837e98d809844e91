// SPDX-License-Identifier: Apache-2.0

// Package recorded reads what the status branch records: the present Reports of Workspaces, and the events that its
// history holds.
package recorded

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"time"

	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/clock"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/events"
	"syncer.dev/syncer/internal/workspace"
)

// Open opens the status branch of the configuration. It says on talk which branch that is, and how old what it says is.
func Open(ctx context.Context, s settings.Settings, talk io.Writer) (config.Config, statusbranch.Reader, error) {
	c, err := s.Load()
	if err != nil {
		return c, statusbranch.Reader{}, err
	}
	r, err := statusbranch.Open(ctx, c, statusbranch.Fetched)
	if err != nil {
		return c, r, err
	}
	if r.Stale != nil {
		diag.Fprintf(talk, "as of the last git fetch: %v\n", r.Stale)
	}
	from := cmp.Or(r.From, "the branch "+c.Status.Branch)
	if last, err := r.History(ctx, 1); err == nil && len(last) == 1 {
		from += ", recorded " + answer.Ago(time.Since(last[0].Time))
	}
	diag.Fprintf(talk, "reading %s\n", from)
	return c, r, nil
}

// Reports returns the Reports on the status branch; of the named Workspace only, if one is named.
func Reports(ctx context.Context, r statusbranch.Reader, name string, now time.Time) ([]*status.Report, error) {
	files, err := r.Read(ctx)
	if err != nil {
		return nil, err
	}
	all := status.FromFiles(files, now)
	if name == "" {
		return all, nil
	}
	out := slices.DeleteFunc(all, func(report *status.Report) bool { return !named(report.Key, name) })
	if len(out) == 0 {
		return nil, answer.No("Workspace %q is not recorded (syncer status lists those that are)", name)
	}
	return out, nil
}

// named reports whether a Workspace has the name, with or without its namespace.
func named(key workspace.Key, name string) bool { return key.Name == name || key.String() == name }

// Selection selects events. Name is that of a Workspace, "" for all. Since is the age of the oldest, 0 for any. Commits
// is the number of status commits to read.
type Selection struct {
	Name    string
	Since   time.Duration
	Commits int
}

// Events returns the events that the last status commits record, the oldest first.
func Events(ctx context.Context, r statusbranch.Reader, s Selection, now time.Time) ([]events.Event, error) {
	log, err := r.History(ctx, s.Commits)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(events.Of(r.Cluster, log), func(e events.Event) bool {
		return s.Name != "" && !named(e.Workspace, s.Name) || s.Since > 0 && e.Time.Before(now.Add(-s.Since))
	})
	if len(all) == 0 && s.Name != "" {
		return nil, answer.No("no event of Workspace %q is recorded", s.Name)
	}
	return all, nil
}

// maxWatchInterval bounds the time between two reads of the status branch by Watch.
const maxWatchInterval = 2 * time.Second

// Output is where Watch prints: the answer on Out, and remarks on it on Talk. Print makes both of the Reports.
type Output struct {
	Out, Talk io.Writer
	Print     func(out, talk io.Writer, reports []*status.Report) error
}

// Watch prints the Reports after each change of what is printed of them, until ctx ends.
func Watch(ctx context.Context, r statusbranch.Reader, name string, interval time.Duration, o Output) error {
	var shown, told []byte
	for {
		reports, err := Reports(ctx, r, name, time.Now())
		if err != nil {
			return err
		}
		var out, talk bytes.Buffer
		if err := o.Print(&out, &talk, reports); err != nil {
			return err
		}
		if !bytes.Equal(shown, out.Bytes()) || !bytes.Equal(told, talk.Bytes()) {
			shown, told = out.Bytes(), talk.Bytes()
			if _, err := o.Out.Write(shown); err != nil {
				return err
			}
			if _, err := o.Talk.Write(told); err != nil {
				return err
			}
		}
		if err := clock.Sleep(ctx, min(interval, maxWatchInterval)); err != nil {
			return err
		}
	}
}
