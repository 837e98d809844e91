// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/git/remote"
)

// Writable begins a push and ends it before anything is sent, so that nothing is written. It is nil if the server
// offers its refs for a push and no other branch stands in the way. Rules that protect the branch, and hooks, show only
// when a push arrives. The error is, or wraps, a *RejectedError, an *UnreachableError, or the error of the context.
func (b *Branch) Writable(ctx context.Context) error {
	t := b.tracker
	branch := t.target.Branch
	if err := remote.RefName(branch).Validate(); err != nil {
		return fmt.Errorf("branch %q: not a valid name", branch)
	}
	down, err := t.remote.OpenReceive(ctx, branch)
	if err != nil {
		return err
	}
	defer down.Close()
	for name := range down.Advertised().References {
		other, isBranch := strings.CutPrefix(name, "refs/heads/")
		if !isBranch || other == branch {
			continue
		}
		if strings.HasPrefix(branch, other+"/") || strings.HasPrefix(other, branch+"/") {
			e := t.remote.Rejected(branch, fmt.Sprintf("branch %s stands in the way", other))
			e.Remedy = "Git keeps no two branches of which one is a folder of the other: choose another status.branch"
			return e
		}
	}
	return nil
}
