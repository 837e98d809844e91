// SPDX-License-Identifier: Apache-2.0

package access

import (
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git/local"
	"syncer.dev/syncer/internal/git/worktree"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace/find"
)

// NewReader returns a reader that knows what Git ignores. It keeps what is rendered in a cache, or in one of its own if
// that is nil.
func NewReader(c config.Config, cache *render.Cache) source.Reader {
	r := source.NewReader(c)
	if cache != nil {
		r.Rendered = cache
	}
	r.Open = Opening(OfflineKeyring(c))
	r.Git = source.Git{
		Patterns: func() find.Patterns { return &worktree.Ignore{} },
		WorkTree: func(top string) (find.Patterns, map[string]bool, error) {
			gitDir, common := local.Dirs(top)
			return worktree.Read(gitDir, common)
		},
	}
	return r
}
