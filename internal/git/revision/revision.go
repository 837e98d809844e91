// SPDX-License-Identifier: Apache-2.0

package revision

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"syncer.dev/syncer/internal/git/objects"
)

// Revision is the name of a commit, as a user gives it: a ref or a hash, with suffixes.
type Revision struct {
	base  string // a ref or a hash
	steps []step
}

// Plain reports whether the revision has no suffixes.
func (q Revision) Plain() bool { return len(q.steps) == 0 }

// Want returns what to ask a server for, so that Find finds the commit: hashes, and how many generations of each; 0 for
// the whole history, which the prefix of a hash needs.
func (q Revision) Want(adv *packp.AdvRefs) (hashes []plumbing.Hash, generations int, err error) {
	generations = 1
	for _, s := range q.steps {
		generations += s.generations()
	}
	start, known := q.Start(adv)
	switch {
	case q.base == noCommit:
		return nil, generations, ErrBeforeHistory
	case known:
		return []plumbing.Hash{start}, generations, nil
	case hashPrefix.MatchString(q.base):
		return tips(adv, "refs/heads/", "refs/tags/", "refs/remotes/"), 0, nil
	}
	return nil, generations, unknown(adv, q.base)
}

// noCommit is the hash that forges and hooks write for a branch that does not exist yet, or no longer.
const noCommit = "0000000000000000000000000000000000000000"

// Start returns the hash of a ref, or that of a commit which the server gives without its ref.
func (q Revision) Start(adv *packp.AdvRefs) (plumbing.Hash, bool) {
	if h, ok := findRef(adv, q.base); ok {
		return h, true
	}
	if plumbing.IsHash(q.base) && serves(adv, q.base) {
		return plumbing.NewHash(q.base), true
	}
	return plumbing.ZeroHash, false
}

// Find returns the commit of the revision among the objects that its Want has brought.
func (q Revision) Find(adv *packp.AdvRefs, set objects.Set) (plumbing.Hash, error) {
	start, known := q.Start(adv)
	if !known {
		var err error
		if start, err = findCommit(set, q.base); err != nil {
			return start, err
		}
	}
	at, err := Peel(set, start)
	for i, s := range q.steps {
		if err != nil {
			break
		}
		at, err = s.from(set, at)
		if errors.Is(err, ErrBeforeHistory) && i < len(q.steps)-1 {
			err = fmt.Errorf("%w: history ends before", ErrUnknown)
		}
	}
	return at, err
}

// step is one suffix of a revision: ~n goes n times to the first parent, ^n to the nth parent once.
type step struct {
	tilde bool
	n     int
}

func (s step) generations() int {
	if s.tilde {
		return s.n
	}
	return min(s.n, 1)
}

func (s step) from(set objects.Set, at plumbing.Hash) (plumbing.Hash, error) {
	times, parent := 1, s.n
	if s.tilde {
		times, parent = s.n, 1
	}
	for i := range times {
		if parent == 0 {
			return at, nil
		}
		c, err := objects.Commit(set, at)
		if err != nil {
			return at, fmt.Errorf("%w: history ends before: %w", ErrUnknown, objects.ErrMissing)
		}
		if len(c.ParentHashes) == 0 && parent == 1 && i == times-1 {
			return at, fmt.Errorf("%w: %s", ErrBeforeHistory, at.String()[:7])
		}
		if len(c.ParentHashes) < parent {
			return at, fmt.Errorf("%w: %s has %d parents", ErrUnknown, at, len(c.ParentHashes))
		}
		at = c.ParentHashes[parent-1]
	}
	return at, nil
}

// MaxGenerations limits the history that one revision asks for. More would exceed the limit on packs in any case.
const MaxGenerations = 100_000

var hashPrefix = regexp.MustCompile(`^[0-9a-f]{7,40}$`)

// cutSuffix cuts the last suffix, ~n or ^n, off a revision.
func cutSuffix(rev string) (rest, suffix string, ok bool) {
	i := strings.LastIndexAny(rev, "~^")
	if i < 0 || strings.Trim(rev[i+1:], "0123456789") != "" {
		return rev, "", false
	}
	return rev[:i], rev[i:], true
}

// Parse splits a revision into the name of a commit, such as main, and its suffixes in the order of reading.
// The error wraps ErrUnknown if the suffixes go back more than MaxGenerations commits.
func Parse(rev string) (Revision, error) {
	base := rev
	var steps []step
	var err error
	generations := 0
	for {
		rest, suffix, ok := cutSuffix(base)
		if !ok {
			break
		}
		s := step{tilde: suffix[0] == '~', n: 1}
		if len(suffix) > 1 {
			if s.n, err = strconv.Atoi(suffix[1:]); err != nil || s.n > MaxGenerations {
				return Revision{}, fmt.Errorf("%w: %s is too far", ErrUnknown, suffix)
			}
		}
		if generations += s.generations(); generations > MaxGenerations {
			return Revision{}, fmt.Errorf("%w: it goes back more than %d commits", ErrUnknown, MaxGenerations)
		}
		steps = append(steps, s)
		base = rest
	}
	if base == "" || base == "@" {
		base = "HEAD"
	}
	slices.Reverse(steps)
	return Revision{base, steps}, nil
}

// findRef looks a name up as Git does (gitrevisions): as it is, then as a ref, a tag, a branch, a remote's branch.
func findRef(adv *packp.AdvRefs, name string) (plumbing.Hash, bool) {
	if name == "HEAD" && adv.Head != nil {
		return *adv.Head, true
	}
	for _, prefix := range []string{"", "refs/", "refs/tags/", "refs/heads/", "refs/remotes/"} {
		if h, ok := adv.References[prefix+name]; ok {
			return h, true
		}
	}
	return plumbing.ZeroHash, false
}

// serves reports whether the server sends a commit by its hash.
func serves(adv *packp.AdvRefs, hash string) bool {
	return adv.Capabilities.Supports(capability.AllowReachableSHA1InWant) || isTip(adv, hash)
}

func isTip(adv *packp.AdvRefs, hash string) bool {
	return slices.Contains(tips(adv, "refs/"), plumbing.NewHash(hash))
}

// tips returns the commits and tags that refs with one of the prefixes point at.
func tips(adv *packp.AdvRefs, prefixes ...string) []plumbing.Hash {
	var tips []plumbing.Hash
	for name, h := range adv.References {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p) }) {
			tips = append(tips, h)
		}
	}
	plumbing.HashesSort(tips)
	return slices.Compact(tips)
}

func findCommit(set objects.Set, prefix string) (found plumbing.Hash, err error) {
	for h, o := range set {
		if o.Type() != plumbing.CommitObject || !strings.HasPrefix(h.String(), prefix) {
			continue
		}
		if !found.IsZero() {
			return found, fmt.Errorf("%w: more than one commit begins so", ErrUnknown)
		}
		found = h
	}
	if found.IsZero() {
		return found, ErrUnknown
	}
	return found, nil
}

// Peel follows annotated tags to their commit.
func Peel(set objects.Source, h plumbing.Hash) (plumbing.Hash, error) {
	const longestChain = 10
	for range longestChain {
		o, ok := set.Object(h)
		if !ok {
			return h, fmt.Errorf("%s: %w", h, objects.ErrMissing)
		}
		if o.Type() == plumbing.CommitObject {
			return h, nil
		}
		if o.Type() != plumbing.TagObject {
			return h, fmt.Errorf("%w: it names a %s, not a commit", ErrUnknown, o.Type())
		}
		var tag object.Tag
		if err := tag.Decode(o); err != nil {
			return h, fmt.Errorf("decode tag: %w", err)
		}
		h = tag.Target
	}
	return h, errors.New("a tag of a tag of a tag, without end")
}
