// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"context"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/reviewed"
)

// verify checks the signatures that the configuration demands of the source.
func verify(ctx context.Context, repo *git.Repository, commit git.Commit, c config.Config) error {
	var rules []git.SignerRule
	for _, f := range c.Source.Signatures.Files() {
		rules = append(rules, git.SignerRule{Path: f.Folder, File: f.File})
	}
	if len(rules) == 0 {
		return nil
	}
	var exclude []string
	if c.Status.Branch == c.Source.Branch {
		exclude = append(exclude, c.Status.Path, reviewed.Folder) // syncer's own commits, which it does not read as source
	}
	return repo.Verify(ctx, commit, rules, exclude...)
}

// verifyTag checks the signature of the tag that is followed, if one is: by a key of those who may change source.path.
func verifyTag(repo *git.Repository, commit git.Commit, s config.Source) error {
	if s.Tag == "" || len(s.Signatures.Signers) == 0 {
		return nil
	}
	return repo.VerifyTag(commit, s.Signatures.Of(s.Path))
}
