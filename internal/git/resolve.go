// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
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
)

// maxResolved is the number of resolved commits that stay available to Snapshot; a comparison needs two.
const maxResolved = 8

// Resolve returns the commit that a revision names: HEAD, a branch, a tag, a full ref such as refs/pull/7/head, or a
// commit hash of at least 7 digits, each followed by any number of ~N and ^N. It is for commands that compare two
// commits: for a hash that is not the tip of a ref, it may receive the whole history, within the limit on packs. The
// error wraps ErrUnknownRevision if no commit, or more than one, matches the name, ErrBeforeHistory when the revision
// is the parent of a commit without parents, and a *ShallowError when the repository is a clone that lacks the commit.
func (r *Repository) Resolve(ctx context.Context, rev string) (Commit, error) {
	v, err := r.resolve(ctx, rev)
	if err != nil {
		return Commit{}, fmt.Errorf("resolve %q: %w", rev, r.remote.explain(err))
	}
	r.hold(v)
	return v.commit, nil
}

// hold keeps the files of a version for Snapshot.
func (r *Repository) hold(v *version) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.resolved = append(r.resolved, v)
	r.resolved = r.resolved[max(0, len(r.resolved)-maxResolved):]
}

func (r *Repository) resolve(ctx context.Context, rev string) (*version, error) {
	q, err := parseRevision(rev)
	if err != nil {
		return nil, err
	}
	up, err := r.remote.openUpload(ctx)
	if err != nil {
		return nil, err
	}
	defer up.close()
	w, err := q.want(up.adv)
	if err != nil {
		return nil, err
	}
	if start, known := q.start(up.adv); known && len(q.steps) == 0 {
		if v, err := r.since(ctx, up, start); v != nil || err != nil {
			return v, unknownTo(err)
		}
		// Nothing is held: this is the first request of the session.
	}
	set, err := up.receive(ctx, w)
	if err != nil {
		return nil, unknownTo(err)
	}
	at, err := q.find(up.adv, set)
	if err != nil {
		return nil, err
	}
	return r.remote.newVersion("", at, up.partial(), set)
}

// unknownTo returns ErrUnknownRevision for the error of a server that does not have the commit.
func unknownTo(err error) error {
	if err != nil && strings.Contains(err.Error(), "not our ref") {
		return ErrUnknownRevision
	}
	return err
}

// since returns a commit that is held, or receives what is new in it since the commit that was held last. It returns
// nil if nothing is held. A server that sends less than the commit needs, as for one that is older, is asked again for
// all of it.
func (r *Repository) since(ctx context.Context, up *upload, at plumbing.Hash) (*version, error) {
	held := r.held()
	for _, v := range held {
		if v.have.commit == at {
			return v, nil
		}
	}
	if len(held) == 0 {
		return nil, nil
	}
	last := held[len(held)-1]
	set, err := up.receive(ctx, want{tips: []plumbing.Hash{at}, depth: 1, have: &last.have})
	if commit, tagged := peel(set, at); err == nil && tagged == nil {
		if v, err := r.remote.newVersion("", commit, up.partial() || last.partial, set, last.set); err == nil {
			return v, nil
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return r.commitOnly(ctx, at)
}

// revision is a revision that has been parsed.
type revision struct {
	base  string // a ref or a hash
	steps []step
}

// want returns the request for the commit of the revision.
func (q revision) want(adv *packp.AdvRefs) (want, error) {
	w := want{depth: 1}
	for _, s := range q.steps {
		w.depth += s.generations()
	}
	start, known := q.start(adv)
	switch {
	case q.base == noCommit:
		return w, ErrBeforeHistory
	case known:
		w.tips = []plumbing.Hash{start}
	case hashPrefix.MatchString(q.base):
		w = want{tips: tips(adv, "refs/heads/", "refs/tags/", "refs/remotes/")}
	default:
		return w, unknownRevision(adv, q.base)
	}
	return w, nil
}

// noCommit is the hash that forges and hooks write for a branch that does not exist yet, or no longer.
const noCommit = "0000000000000000000000000000000000000000"

// start returns the hash of a ref, or that of a commit which the server gives without its ref.
func (q revision) start(adv *packp.AdvRefs) (plumbing.Hash, bool) {
	if h, ok := findRef(adv, q.base); ok {
		return h, true
	}
	if plumbing.IsHash(q.base) && serves(adv, q.base) {
		return plumbing.NewHash(q.base), true
	}
	return plumbing.ZeroHash, false
}

// find returns the commit of the revision among the objects that its want has brought.
func (q revision) find(adv *packp.AdvRefs, set objects) (plumbing.Hash, error) {
	start, known := q.start(adv)
	if !known {
		var err error
		if start, err = findCommit(set, q.base); err != nil {
			return start, err
		}
	}
	at, err := peel(set, start)
	for i, s := range q.steps {
		if err != nil {
			break
		}
		at, err = s.from(set, at)
		if errors.Is(err, ErrBeforeHistory) && i < len(q.steps)-1 {
			err = fmt.Errorf("%w: history ends before", ErrUnknownRevision)
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

func (s step) from(set objects, at plumbing.Hash) (plumbing.Hash, error) {
	times, parent := 1, s.n
	if s.tilde {
		times, parent = s.n, 1
	}
	for i := range times {
		if parent == 0 {
			return at, nil
		}
		_, c, err := set.commit(at)
		if err != nil {
			return at, fmt.Errorf("%w: history ends before: %w", ErrUnknownRevision, errIncomplete)
		}
		if len(c.ParentHashes) == 0 && parent == 1 && i == times-1 {
			return at, fmt.Errorf("%w: %s", ErrBeforeHistory, hashOf(at).Short())
		}
		if len(c.ParentHashes) < parent {
			return at, fmt.Errorf("%w: %s has %d parents", ErrUnknownRevision, at, len(c.ParentHashes))
		}
		at = c.ParentHashes[parent-1]
	}
	return at, nil
}

// maxGenerations limits the history that one revision asks for. More would exceed the limit on packs in any case.
const maxGenerations = 100_000

var hashPrefix = regexp.MustCompile(`^[0-9a-f]{7,40}$`)

// cutSuffix cuts the last suffix, ~n or ^n, off a revision.
func cutSuffix(rev string) (rest, suffix string, ok bool) {
	i := strings.LastIndexAny(rev, "~^")
	if i < 0 || strings.Trim(rev[i+1:], "0123456789") != "" {
		return rev, "", false
	}
	return rev[:i], rev[i:], true
}

// parseRevision splits a revision into the name of a commit, such as main, and its suffixes in the order of reading.
// The error wraps ErrUnknownRevision if the suffixes go back more than maxGenerations commits.
func parseRevision(rev string) (revision, error) {
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
			if s.n, err = strconv.Atoi(suffix[1:]); err != nil || s.n > maxGenerations {
				return revision{}, fmt.Errorf("%w: %s is too far", ErrUnknownRevision, suffix)
			}
		}
		if generations += s.generations(); generations > maxGenerations {
			return revision{}, fmt.Errorf("%w: it goes back more than %d commits", ErrUnknownRevision, maxGenerations)
		}
		steps = append(steps, s)
		base = rest
	}
	if base == "" || base == "@" {
		base = "HEAD"
	}
	slices.Reverse(steps)
	return revision{base, steps}, nil
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

func findCommit(set objects, prefix string) (found plumbing.Hash, err error) {
	for h, o := range set {
		if o.Type() != plumbing.CommitObject || !strings.HasPrefix(h.String(), prefix) {
			continue
		}
		if !found.IsZero() {
			return found, fmt.Errorf("%w: more than one commit begins so", ErrUnknownRevision)
		}
		found = h
	}
	if found.IsZero() {
		return found, ErrUnknownRevision
	}
	return found, nil
}

// peel follows annotated tags to their commit.
func peel(set objects, h plumbing.Hash) (plumbing.Hash, error) {
	const longestChain = 10
	for range longestChain {
		o, ok := set[h]
		if !ok {
			return h, fmt.Errorf("%s: %w", h, errIncomplete)
		}
		if o.Type() == plumbing.CommitObject {
			return h, nil
		}
		if o.Type() != plumbing.TagObject {
			return h, fmt.Errorf("%w: it names a %s, not a commit", ErrUnknownRevision, o.Type())
		}
		var tag object.Tag
		if err := tag.Decode(o); err != nil {
			return h, fmt.Errorf("decode tag: %w", err)
		}
		h = tag.Target
	}
	return h, errors.New("a tag of a tag of a tag, without end")
}
