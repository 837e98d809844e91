// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"context"
	"fmt"
	"sync"

	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/status/message"
)

// Accepted is the tip of a branch or tag that was accepted last. The zero value is none. It is safe for concurrent use.
type Accepted struct {
	mu     sync.Mutex
	branch string // with the URL of its repository
	commit git.Hash
}

func (a *Accepted) of(branch string) git.Hash {
	if a == nil {
		return ""
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.branch != branch {
		return ""
	}
	return a.commit
}

func (a *Accepted) set(branch string, commit git.Hash) {
	if a == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.branch, a.commit = branch, commit
}

// keepsHistory returns a *git.RewrittenError for a tip that does not contain the commit that was accepted before it,
// unless the configuration accepts that. What this process has not seen is on the status branch: the last status
// commit of this cluster names the commit of the source that it reports. Without one, the first tip is accepted. A
// commit that the configuration names is accepted.
func (s Source) keepsHistory(ctx context.Context, tip git.Commit) error {
	branch := s.Repository.URL() + " " + s.Config.Source.Ref()
	if s.Config.Source.RefusesRewrites() && s.Config.Source.Commit == "" {
		last := s.Accepted.of(branch)
		if last == "" {
			var err error
			if last, err = s.recorded(ctx); err != nil {
				return fmt.Errorf("look up the commit that was accepted last: %w", err)
			}
		}
		if last != "" && last != tip.Hash {
			kept, err := s.Repository.Contains(ctx, tip, last)
			if err != nil {
				return fmt.Errorf("compare with commit %s: %w", last.Short(), err)
			}
			if !kept {
				return &git.RewrittenError{Commit: tip.Hash, Lost: last}
			}
		}
	}
	s.Accepted.set(branch, tip.Hash)
	return nil
}

// recorded returns the commit of the source that the last status commit of this cluster reports, or "".
func (s Source) recorded(ctx context.Context) (git.Hash, error) {
	source := git.Hash("")
	_, _, err := s.Repository.Branch(s.Config.Status.Branch).Newest(ctx, func(c git.Commit) bool {
		cluster, _ := c.Trailer(message.TrailerCluster)
		hash, _ := c.Trailer(message.TrailerCommit)
		if cluster != s.Config.Cluster || !git.Hash(hash).Valid() {
			return false
		}
		source = git.Hash(hash)
		return true
	})
	return source, err
}
