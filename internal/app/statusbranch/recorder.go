// SPDX-License-Identifier: Apache-2.0

package statusbranch

import (
	"context"
	"log/slog"
	"path"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/status/index"
)

// Recorder keeps this cluster's status files.
type Recorder struct {
	Branch *git.Branch
	Config config.Config
	Log    *slog.Logger  // of what is no error; nil for none
	Fences *shard.Fences // are asked right before each push; nil permits all
	// Held is what the one writer of the files knows to be recorded: with it, a commit costs what it changes. Nil is of
	// a Recorder that only reads, or writes once.
	Held *git.Held
}

func (r Recorder) dir() string { return path.Join(r.Config.Status.Path, r.Config.Cluster) }

// index makes the README of the branch; nil where the branch is not for status alone.
func (r Recorder) index() *git.Index {
	if r.Config.Status.Branch == r.Config.Source.Branch {
		return nil
	}
	dir := path.Clean(r.Config.Status.Path)
	return &git.Index{
		Name: index.File, Folder: dir, Each: status.OverviewFile,
		Make: func(present []byte, found map[string][]byte) ([]byte, bool) { return index.Of(dir, present, found) },
	}
}

// Read returns the recorded files.
func (r Recorder) Read(ctx context.Context) (map[string][]byte, error) {
	if r.Held != nil {
		files, _, err := r.Branch.ReadHeld(ctx, r.dir(), r.Held)
		return files, err
	}
	files, _, err := r.Branch.Read(ctx, r.dir())
	return files, err
}

// Record writes one commit, unless the branch has exactly these files. Of a cluster with shards, the files of others
// are those of the tip that the commit stands on, so that a commit of another process in between is not undone.
func (r Recorder) Record(ctx context.Context, what reconcile.Recording) (string, error) {
	change := git.Change{
		Dir:      r.dir(),
		Message:  what.Message,
		When:     what.When,
		Author:   r.Config.Status.Author.Name,
		Email:    r.Config.Status.Author.Email,
		Signer:   Signer(r.Config),
		MayWrite: r.Fences.Writes(what.Share),
		Index:    r.index(),
	}
	if what.Share.Divided() {
		change.Files = what.All()
		change.Edit = what.Share.Edit(change.Files)
	} else {
		change.Patch = &git.Patch{Held: r.Held, Files: what.Changed, All: what.All}
	}
	hash, changed, err := r.Branch.Commit(ctx, change)
	if err != nil || !changed {
		return "", err
	}
	if what.Share.Fleet() {
		r.shorten(ctx)
	}
	return string(hash), nil
}
