// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"syncer.dev/syncer/internal/app/commits"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/source"
)

// noCommit stands for the commit that is not there.
const noCommit = "0000000000000000000000000000000000000000"

// ReadSide returns what the engine reads of one side of a comparison.
func ReadSide(s commits.Side, repo *git.Repository, c config.Config, other commits.Side) (engine.Revision, error) {
	if s.Files == nil {
		return engine.Revision{Commit: noCommit, Files: source.Nothing(), Inputs: noCommit}, nil
	}
	against := other.Files
	if against == nil {
		against = source.Nothing()
	}
	return Read(repo, s.Commit, c, against)
}
