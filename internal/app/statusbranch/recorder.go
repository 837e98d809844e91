// SPDX-License-Identifier: Apache-2.0

package statusbranch

import (
	"context"
	"log/slog"
	"path"
	"time"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
)

// Recorder keeps this cluster's status files.
type Recorder struct {
	Branch   *git.Branch
	Config   config.Config
	Log      *slog.Logger // of what is no error; nil for none
	MayWrite func() error // is asked right before each push; nil permits all
}

func (r Recorder) dir() string { return path.Join(r.Config.Status.Path, r.Config.Cluster) }

// Read returns the recorded files.
func (r Recorder) Read(ctx context.Context) (map[string][]byte, error) {
	files, _, err := r.Branch.Read(ctx, r.dir())
	return files, err
}

// Record writes one commit, unless the branch has exactly these files.
func (r Recorder) Record(ctx context.Context, files map[string][]byte, message string, when time.Time) (string, error) {
	hash, changed, err := r.Branch.Commit(ctx, git.Change{
		Dir:      r.dir(),
		Files:    files,
		Message:  message,
		When:     when,
		Author:   r.Config.Status.Author.Name,
		Email:    r.Config.Status.Author.Email,
		Signer:   Signer(r.Config),
		MayWrite: r.MayWrite,
	})
	if err != nil || !changed {
		return "", err
	}
	r.shorten(ctx)
	return string(hash), nil
}
