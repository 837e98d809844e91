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

// maxResolved is how many resolved commits are held for Snapshot; a comparison needs two.
const maxResolved = 8

// Resolve returns the commit that a revision names: HEAD, a branch, a tag, a full ref such as refs/pull/7/head, or a commit
// hash of at least 7 digits, each followed by any number of ~N and ^N. It is for commands that compare two commits: a hash that
// is not the tip of a ref may take receiving the whole history, within the limit on packs. The error wraps ErrUnknownRevision
// when nothing, or more than one thing, answers to the name.
func (r *Repository) Resolve(ctx context.Context, rev string) (Commit, error) {
	v, err := r.resolve(ctx, rev)
	if err != nil {
		return Commit{}, fmt.Errorf("resolve %q: %w", rev, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.resolved = append(r.resolved, v)
	r.resolved = r.resolved[max(0, len(r.resolved)-maxResolved):]
	return v.commit, nil
}

func (r *Repository) resolve(ctx context.Context, rev string) (*version, error) {
	base, steps, err := parseRevision(rev)
	if err != nil {
		return nil, err
	}
	up, err := r.remote.openUpload(ctx)
	if err != nil {
		return nil, err
	}
	defer up.close()
	w := want{depth: 1}
	for _, s := range steps {
		w.depth += s.generations()
	}
	start, known := findRef(up.adv, base)
	switch {
	case known:
		w.tips = []plumbing.Hash{start}
	case plumbing.IsHash(base) && (up.adv.Capabilities.Supports(capability.AllowReachableSHA1InWant) || isTip(up.adv, base)):
		start, known = plumbing.NewHash(base), true
		w.tips = []plumbing.Hash{start}
	case hashPrefix.MatchString(base):
		w = want{tips: tips(up.adv, "refs/heads/", "refs/tags/", "refs/remotes/")}
	default:
		return nil, ErrUnknownRevision
	}
	set, err := up.receive(ctx, w)
	if err != nil && strings.Contains(err.Error(), "not our ref") {
		return nil, ErrUnknownRevision
	}
	if err != nil {
		return nil, err
	}
	if !known {
		if start, err = findCommit(set, base); err != nil {
			return nil, err
		}
	}
	at, err := peel(set, start)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		if at, err = s.from(set, at); err != nil {
			return nil, err
		}
	}
	return newVersion("", at, r.remote.maxPack*inflation, set)
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
	for range times {
		if parent == 0 {
			return at, nil
		}
		_, c, err := set.commit(at)
		if err != nil {
			return at, fmt.Errorf("%w: history ends before", ErrUnknownRevision)
		}
		if len(c.ParentHashes) < parent {
			return at, fmt.Errorf("%w: %s has %d parents", ErrUnknownRevision, at, len(c.ParentHashes))
		}
		at = c.ParentHashes[parent-1]
	}
	return at, nil
}

// maxGenerations keeps a revision from asking for more history than the limit on packs would let through anyway.
const maxGenerations = 100_000

var (
	suffix     = regexp.MustCompile(`([~^])([0-9]*)$`)
	hashPrefix = regexp.MustCompile(`^[0-9a-f]{7,40}$`)
)

func parseRevision(rev string) (base string, steps []step, err error) {
	base = rev
	for {
		m := suffix.FindStringSubmatch(base)
		if m == nil {
			break
		}
		s := step{tilde: m[1] == "~", n: 1}
		if m[2] != "" {
			if s.n, err = strconv.Atoi(m[2]); err != nil || s.n > maxGenerations {
				return "", nil, fmt.Errorf("%w: %s is too far", ErrUnknownRevision, m[0])
			}
		}
		steps = slices.Insert(steps, 0, s)
		base = strings.TrimSuffix(base, m[0])
	}
	if base == "" || base == "@" {
		base = "HEAD"
	}
	return base, steps, nil
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
