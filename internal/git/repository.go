// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"fmt"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/ancestry"
	"syncer.dev/syncer/internal/git/remote"
	"syncer.dev/syncer/internal/git/target"
)

// A Repository follows one branch, tag or commit. It is safe for concurrent use; fetches wait for each other, readers
// never wait.
type Repository struct {
	remote *remote.Remote
	source *tracker
	known  *ancestry.Known // commits of the source, and what led to them

	mu       sync.Mutex
	branches map[string]*tracker
	resolved []*version        // by Resolve, newest last
	verified map[string]string // commit and keys, by the folder of a rule
}

// Open checks the options and returns a Repository. It does not touch the network.
func Open(o Options) (*Repository, error) {
	follow := target.Target{Branch: o.Branch, Tag: o.Tag, Commit: o.Commit}
	if err := follow.Validate(); err != nil {
		return nil, err
	}
	r, err := remote.New(remote.Options{
		URL:      o.URL,
		Auth:     o.Auth,
		CAFile:   o.CAFile,
		CertFile: o.CertFile,
		KeyFile:  o.KeyFile,
		Limits:   o.Limits,
		Timeout:  o.Timeout,
	})
	if err != nil {
		return nil, err
	}
	known := &ancestry.Known{}
	return &Repository{
		remote:   r,
		source:   &tracker{remote: r, target: follow, known: known},
		known:    known,
		branches: map[string]*tracker{},
	}, nil
}

// URL returns the repository's address without credentials.
func (r *Repository) URL() string { return r.remote.URL() }

// Head asks the server for the commit that is followed, and receives no object. The error is, or wraps,
// ErrEmptyRepository, ErrBranchNotFound, ErrTagNotFound, an *UnreachableError, or the context's.
func (r *Repository) Head(ctx context.Context) (Hash, error) {
	up, err := r.remote.OpenUpload(ctx)
	if err != nil {
		return "", err
	}
	defer up.Close()
	found, err := r.source.find(up.Advertised())
	if peeled, tagged := up.Advertised().Peeled["refs/tags/"+r.source.target.Tag]; tagged {
		found.Ref = peeled
	}
	return hashOf(found.Ref), err
}

// Fetch returns the commit that is followed, and keeps its files for Snapshot. The first call receives the files of the
// tip, later calls receive new objects only. If objects are missing, Fetch receives the files of the tip again. Errors
// are those of Head, and ErrTooLarge; after an error, the commit of the previous call stays available.
func (r *Repository) Fetch(ctx context.Context) (Commit, error) {
	v, err := r.source.fetch(ctx)
	if err != nil {
		return Commit{}, err
	}
	return v.commit, nil
}

// Snapshot returns the files of a commit that Fetch or Resolve returned. It is ErrNotFetched for one that has been
// superseded since; a Snapshot that was taken stays valid. All that is in the given folders is looked at now, and is an
// error here if it cannot be read, so that it is read whole or not at all; everything else when it is read.
func (r *Repository) Snapshot(c Commit, folders ...string) (*Snapshot, error) {
	for _, v := range r.held() {
		if v.commit.Hash == c.Hash {
			return newSnapshot(v, r.remote.Limits(), folders...)
		}
	}
	return nil, fmt.Errorf("%s: %s: %w", r.remote.URL(), c.Hash.Short(), ErrNotFetched)
}

// Held returns how many objects the Repository keeps in memory, of all branches, and their bytes.
func (r *Repository) Held() (count int, bytes int64) {
	versions := r.held()
	r.mu.Lock()
	for _, t := range r.branches {
		if v := t.current.Load(); v != nil {
			versions = append(versions, v)
		}
	}
	r.mu.Unlock()
	seen := map[plumbing.Hash]bool{}
	for _, v := range versions {
		v.store.Each(func(o plumbing.EncodedObject) {
			if h := o.Hash(); !seen[h] {
				seen[h] = true
				count++
				bytes += o.Size()
			}
		})
	}
	return count, bytes
}

func (r *Repository) held() []*version {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := append([]*version(nil), r.resolved...)
	if v := r.source.current.Load(); v != nil {
		held = append(held, v)
	}
	return held
}

// Branch returns a branch to keep files on. It need not exist yet, and may be the one that is followed.
func (r *Repository) Branch(name string) *Branch {
	if name == r.source.target.Branch {
		return &Branch{r.source}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.branches[name]
	if t == nil {
		t = &tracker{remote: r.remote, target: target.Target{Branch: name}}
		r.branches[name] = t
	}
	return &Branch{t}
}
