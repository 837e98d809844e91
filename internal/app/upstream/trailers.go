// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"context"

	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/reconcile"
)

// AcceptedCommits is how many commits of the followed branch may accept a plan, along first parents: the clients that
// may push there decide, and a commit of a merged branch does not count. A commit that is older has to be repeated. It
// is ours.
const AcceptedCommits = 100

// Commits reads what the commits of the followed branch say in their trailers.
type Commits struct{ Repository *git.Repository }

// Trailers returns the values of a trailer in a part of the history along first parents, of at most AcceptedCommits:
// the clients that may push to the branch decide, and a commit of a merged branch does not count. If the part has no
// end, the branch was rewritten or is far ahead, and the tip alone counts.
func (c Commits) Trailers(ctx context.Context, name string, part reconcile.History) ([]string, error) {
	commits, err := c.Repository.Log(ctx, git.Hash(part.Tip), AcceptedCommits)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, commit := range commits {
		if string(commit.Hash) == part.After {
			return out, nil
		}
		out = append(out, commit.Trailers(name)...)
		if string(commit.Hash) == part.From {
			return out, nil
		}
	}
	return commits[0].Trailers(name), nil
}
