// SPDX-License-Identifier: Apache-2.0

package git

import (
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"syncer.dev/syncer/internal/git/objects"
)

// Hash is the name of a Git object: 40 lower-case hexadecimal digits, or empty for "none".
type Hash string

// Short returns the first seven digits, as Git shows them.
func (h Hash) Short() string { return string(h[:min(7, len(h))]) }

// Valid reports whether h is the name of an object.
func (h Hash) Valid() bool { return len(h) == 40 && strings.Trim(string(h), "0123456789abcdef") == "" }

func hashOf(h plumbing.Hash) Hash {
	if h.IsZero() {
		return ""
	}
	return Hash(h.String())
}

func (h Hash) plumbing() plumbing.Hash { return plumbing.NewHash(string(h)) }

// Commit is one commit of a repository.
type Commit struct {
	Hash    Hash
	Tree    Hash      // of the root folder; two commits with equal trees hold the same files
	Author  string    // name
	Email   string    // the author's
	Time    time.Time // when the author wrote it, in UTC
	Message string    // as it was written, subject and body
	// Committed is when it was committed: merged or rebased, if it was, and thus near the time of the push. In UTC.
	Committed time.Time

	// Forced says that the branch was rewritten: the commit that this Repository saw before is not among the ancestors of
	// this one. Only Fetch sets it, and only the first time it returns the commit.
	Forced bool
}

// Subject returns the first paragraph of the message on one line, as git log --oneline shows it.
func (c Commit) Subject() string {
	var words []string
	for line := range strings.Lines(strings.TrimLeft(c.Message, "\n")) {
		line = strings.TrimSpace(line)
		if line == "" {
			break
		}
		words = append(words, line)
	}
	return strings.Join(words, " ")
}

// commitIn returns a commit of a set, also as it was decoded.
func commitIn(set objects.Source, h plumbing.Hash) (Commit, *object.Commit, error) {
	raw, err := objects.Commit(set, h)
	if err != nil {
		return Commit{}, nil, err
	}
	return commitOf(raw), raw, nil
}

func commitOf(c *object.Commit) Commit {
	return Commit{
		Hash: hashOf(c.Hash), Tree: hashOf(c.TreeHash),
		Author: c.Author.Name, Email: c.Author.Email, Time: c.Author.When.UTC(), Message: c.Message,
		Committed: c.Committer.When.UTC(),
	}
}
