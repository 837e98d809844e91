// SPDX-License-Identifier: Apache-2.0

package compare

import (
	"context"
	"io/fs"

	"syncer.dev/syncer/internal/app/access"
	"syncer.dev/syncer/internal/app/commits"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/source"
)

// TreeAt returns the files of a commit in the Git repository at root: of "A...B", of the commit where B, by default
// HEAD, forked off A; of "A", of A itself if HEAD has not forked off.
func TreeAt(ctx context.Context, c config.Config, root, commit string) (fs.FS, error) {
	repo, err := access.AsPerson(c, root)
	if err != nil {
		return nil, err
	}
	between, err := commits.Parse(commit, "")
	if err != nil {
		return nil, err
	}
	from, err := between.From(ctx, repo)
	if err == nil && from.Files == nil {
		return source.Nothing(), nil
	}
	return from.Files, err
}
