// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/source"
)

// Read returns a commit, as seen from the folder that holds the Workspaces. other is the commit at the other
// side of a comparison, or nil: see source.CommitTree.
func Read(repo *git.Repository, commit git.Commit, c config.Config, other fs.FS) (reconcile.Revision, error) {
	snapshot, err := repo.Snapshot(commit, c.Source.Path, source.PresetsFolder)
	if err != nil {
		return reconcile.Revision{}, err
	}
	allow, _ := commit.Trailer("Syncer-Allow-Empty")
	tree, err := source.CommitTree(snapshot, other, c.Source.Path)
	if err != nil && allow == "true" {
		tree, err = source.EmptyTree(snapshot, c.Source.Path, err)
	}
	if err != nil {
		return reconcile.Revision{}, fmt.Errorf("read %s: %w", commit.Hash.Short(), err)
	}
	r := reconcile.Revision{
		Commit: string(commit.Hash), CommittedAt: commit.Committed, Subject: commit.Subject(),
		Files: tree.Files, Root: tree.Root,
	}
	if tree.Files == fs.FS(snapshot) {
		if r.Inputs, err = identify(snapshot, c); err != nil {
			return r, err
		}
	} else {
		r.Inputs = "nothing at " + c.Source.Path
	}
	r.AllowEmpty = allow == "true"
	r.AllowDelete = mass.Allowed(commit.Trailers(mass.Trailer))
	if commit.Forced {
		r.Notices = append(r.Notices, "the history was rewritten: the new tip does not contain the old one")
	}
	return r, nil
}

// identify returns the hashes of all that is read of a commit: the folder of the Workspaces, the presets in the root of
// the repository, and what kustomizations in the folder refer to elsewhere.
func identify(snapshot *git.Snapshot, c config.Config) (string, error) {
	root := path.Clean(c.Source.Path)
	var exclude []string
	if c.Status.Branch == c.Source.Branch {
		exclude = source.OwnFolders(c)
	}
	id, err := inputs(snapshot, root, exclude)
	if err != nil || root == "." {
		return id, err
	}
	elsewhere, err := source.Elsewhere(snapshot, root)
	if err != nil {
		return "", err
	}
	for _, name := range elsewhere {
		switch h, err := snapshot.TreeHash(name); {
		case errors.Is(err, fs.ErrNotExist): // it may come to exist
		case err != nil:
			return "", err
		default:
			id += " " + name + "=" + h
		}
	}
	return id, nil
}

// inputs identifies the content of a folder without the folders of exclude: status commits to the same branch are no
// new input.
func inputs(s *git.Snapshot, dir string, exclude []string) (string, error) {
	within := func(folder string) bool { return dir == "." || strings.HasPrefix(folder, dir+"/") }
	switch {
	case slices.Contains(exclude, dir):
		return "", nil
	case !slices.ContainsFunc(exclude, within):
		h, err := s.TreeHash(dir)
		return h, err
	}
	entries, err := s.ReadDir(dir)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, e := range entries {
		if slices.Contains(exclude, path.Join(dir, e.Name())) {
			continue // the first status commit is no new input either
		}
		h, err := inputs(s, path.Join(dir, e.Name()), exclude)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %s\n", e.Name(), h)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
