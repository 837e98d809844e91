// SPDX-License-Identifier: Apache-2.0

package statusbranch

import (
	"context"
	"errors"

	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/signature"
	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/status/message"
)

// shorten keeps the history of the status branch within status.keep. The last commit of each cluster stays, because it
// names the commit of the source that was accepted last. Status does not depend on it: what goes wrong is a warning.
func (r Recorder) shorten(ctx context.Context) {
	keep := git.Keep{
		Commits:  r.Config.Status.Keep,
		MayWrite: r.Fences.Writes(shard.NewShare(max(r.Fences.Count(), 1), shard.Fleet)),
		Group: func(c git.Commit) string {
			cluster, _ := c.Trailer(message.TrailerCluster)
			return cluster
		},
	}
	if signer, ok := Signer(r.Config).(signature.Signer); ok {
		keep.Key = func() (git.Key, error) { return signer.Open() }
	}
	removed, err := r.Branch.Truncate(ctx, keep)
	switch {
	case r.Log == nil, errors.Is(err, context.Canceled): // or the lease is lost: see package fence
	case err != nil:
		r.Log.WarnContext(ctx, "the history of the status branch stays as long as it is", "err", err)
	case removed > 0:
		r.Log.InfoContext(ctx, "the history of the status branch is shorter", "commits", removed)
	}
}
