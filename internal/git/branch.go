// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"k8s.io/apimachinery/pkg/util/wait"

	"syncer.dev/syncer/internal/clock"
	"syncer.dev/syncer/internal/git/objects"
	"syncer.dev/syncer/internal/git/pack"
	"syncer.dev/syncer/internal/git/remote"
	"syncer.dev/syncer/internal/git/snapshot"
	"syncer.dev/syncer/internal/git/store"
)

// A Branch keeps files in folders. Several processes may each keep a folder on the same branch, and users may commit to
// it: each folder has the content that its writer committed last, and no commit is lost.
type Branch struct{ tracker *tracker }

// Change is the desired content of a folder.
type Change struct {
	Dir string // slash-separated; "." for the whole tree
	// Files are those of the folder, by path relative to Dir: exactly these. None removes the folder. Contents are kept
	// and must not change any more.
	Files   map[string][]byte
	Message string
	Author  string // name, also the committer's
	Email   string
	When    time.Time
	Signer  Signer // nil to leave the commit unsigned
	// Edit, if not nil, makes Files from what the folder has on the tip that the commit will stand on. It is called for
	// each attempt to push, so that what another writer adds to the folder meanwhile is not lost.
	Edit func(present map[string][]byte) (map[string][]byte, error)
	// Patch, if not nil, makes Files, and spares that if it can.
	Patch *Patch
	// Index, if not nil, is made of the tree that the change leaves.
	Index *Index
	// MayWrite is asked right before each push, and refuses it by an error, which Commit returns; nil permits all.
	MayWrite func() error

	hold *Held // of Patch
}

// Signer signs commits.
type Signer interface {
	// Sign returns the armored signature of a commit object without signature, as Git keeps it in the header gpgsig.
	Sign(commit []byte) (signature []byte, err error)
}

// Read returns the files under dir on the branch's tip, by path relative to dir, and the tip. An absent branch or
// folder is an empty map and no error; the tip of an absent branch is empty. Symbolic links and submodules are left
// out, and so are files of more than 1 MiB, which no writer of this package makes. Contents must not be changed.
func (b *Branch) Read(ctx context.Context, dir string) (files map[string][]byte, tip Hash, err error) {
	files, v, _, err := b.read(ctx, dir)
	if err != nil || v == nil {
		return files, "", err
	}
	return files, v.commit.Hash, nil
}

// read returns the files, the version that has them, nil for an absent branch, and whether these are all.
func (b *Branch) read(ctx context.Context, dir string) (files map[string][]byte, v *version, whole bool, err error) {
	if !fs.ValidPath(dir) {
		return nil, nil, false, fmt.Errorf("folder %q: not a valid path", dir)
	}
	v, err = b.tracker.fetch(ctx)
	if isMissing(err) {
		return map[string][]byte{}, nil, true, nil
	}
	if err != nil {
		return nil, nil, false, err
	}
	files, whole, err = readFolder(v, dir, b.tracker.remote.Limits())
	if isDamage(err) && b.tracker.current.CompareAndSwap(v, nil) {
		return b.read(ctx, dir) // from nothing, once
	}
	if err != nil {
		return nil, nil, false, fmt.Errorf("read branch %s: %w", b.tracker.target.Branch, err)
	}
	return files, v, whole, nil
}

// readFolder returns the files of a folder, and whether these are all.
func readFolder(v *version, dir string, limits Limits) (files map[string][]byte, whole bool, err error) {
	files, whole = map[string][]byte{}, true
	tree, err := objects.Subtree(v.store, v.commit.Tree.plumbing(), dir)
	if err != nil || tree.IsZero() {
		return files, true, err
	}
	sub := *v
	sub.commit.Tree = hashOf(tree)
	s, err := newSnapshot(&sub, limits, ".")
	if err != nil {
		return nil, false, err
	}
	err = fs.WalkDir(s, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			whole = false
			return nil
		}
		data, err := s.Content(name)
		if errors.Is(err, ErrTooLarge) {
			whole = false
			return nil
		}
		files[name] = data
		return err
	})
	return files, whole, err
}

// maxPushes is the number of attempts to push while other writers move the branch.
const maxPushes = 10

// Commit replaces the content of the folder c.Dir by c.Files in one commit on the branch's tip, and pushes it. If the
// folder has this content already, Commit makes no commit: changed is false, and tip is the present tip. The first
// commit of a new branch has no parent. If another writer moves the branch meanwhile, Commit tries again on the new
// tip. The error is, or wraps, a *RejectedError, an *UnreachableError, or the error of the context. A push whose answer
// got lost may have succeeded; the next call then finds nothing to change.
func (b *Branch) Commit(ctx context.Context, c Change) (tip Hash, changed bool, err error) {
	if err := c.validate(); err != nil {
		return "", false, err
	}
	t := b.tracker
	if err := remote.RefName(t.target.Branch).Validate(); err != nil {
		return "", false, fmt.Errorf("commit: branch %q: not a valid name", t.target.Branch)
	}
	t.update.Lock()
	defer t.update.Unlock()
	var refused *remote.Refusal
	delay := pushDelays.DelayFunc()
	for try := range maxPushes {
		if try > 0 {
			if err := clock.Sleep(ctx, delay()); err != nil {
				return "", false, err
			}
		}
		tip, changed, err = t.push(ctx, c, refused)
		if isDamage(err) && t.current.Swap(nil) != nil { // once: then it begins from nothing
			tip, changed, err = t.push(ctx, c, refused)
		}
		if refused = nil; !errors.As(err, &refused) {
			return tip, changed, err
		}
	}
	return "", false, t.remote.Rejected(t.target.Branch,
		fmt.Sprintf("given up after %d tries: %s", maxPushes, refused.Reason))
}

// push commits the change on the present tip of the server. The error is a *remote.Refusal if another attempt may
// succeed. The previous refusal shows whether the branch has moved since.
func (t *tracker) push(ctx context.Context, c Change, previous *remote.Refusal) (Hash, bool, error) {
	down, err := t.remote.OpenReceive(ctx, t.target.Branch)
	if err != nil {
		return "", false, err
	}
	defer down.Close()
	old := down.Advertised().References[remote.RefName(t.target.Branch).String()]
	if previous != nil && previous.Tip == old && !previous.Transient {
		return "", false, t.remote.Rejected(t.target.Branch, previous.Reason)
	}
	base := &version{branch: t.target.Branch, store: store.Hold(objects.Set{})}
	if !old.IsZero() {
		if base, err = t.fetchTip(ctx, old); err != nil {
			return "", false, err
		}
		if base.have.Commit != old {
			return "", false, &remote.Refusal{Tip: old, Reason: "it moved while it was read", Transient: true}
		}
	}
	if c, err = c.edited(base, t.remote.Limits()); err != nil {
		return "", false, fmt.Errorf("branch %s: %w", t.target.Branch, err)
	}
	fresh := objects.Set{}
	tree, err := layFiles(base, c, fresh)
	if err != nil {
		return "", false, fmt.Errorf("branch %s: %w", t.target.Branch, err)
	}
	if hashOf(tree) == base.commit.Tree || old.IsZero() && len(c.Files) == 0 {
		c.committed(base.commit.Tree.plumbing(), base.store)
		return base.commit.Hash, false, nil
	}
	tip, err := writeCommit(c, tree, old, fresh)
	if err != nil {
		return "", false, err
	}
	update := remote.Update{Old: old, Tip: tip, Objects: fresh, MayWrite: c.MayWrite}
	if !t.whole {
		update.Basis = &pack.Basis{Objects: base.store, Old: base.commit.Tree.plumbing(), New: tree}
	}
	if err := down.Update(ctx, update); err != nil {
		var refused *remote.Refusal
		t.whole = t.whole || errors.As(err, &refused) && refused.Packed
		return "", false, err
	}
	t.pushed++
	c.committed(tree, fresh, base.store)
	// Pushed. Should its objects not be complete here, which they are, the next fetch would clone.
	if err := t.adopt(base, tip, fresh); err != nil {
		t.current.Store(nil)
	}
	return hashOf(tip), true, nil
}

// edited returns the change with the files that Edit makes of those on base. Its Patch is nil unless it serves.
func (c Change) edited(base *version, limits Limits) (Change, error) {
	if p := c.Patch; p != nil {
		c.hold = p.Held
		if !p.serves(base, c.Dir) {
			c.Files, c.Patch = p.All(), nil
		}
		return c, c.validate()
	}
	if c.Edit == nil {
		return c, nil
	}
	present := map[string][]byte{}
	if base.have.Commit != plumbing.ZeroHash {
		var err error
		if present, _, err = readFolder(base, c.Dir, limits); err != nil {
			return c, err
		}
	}
	var err error
	if c.Files, err = c.Edit(present); err != nil {
		return c, err
	}
	return c, c.validate()
}

func (c Change) validate() error {
	if !fs.ValidPath(c.Dir) {
		return fmt.Errorf("commit: folder %q: not a valid path", c.Dir)
	}
	for part := range strings.SplitSeq(c.Dir, "/") {
		if err := snapshot.CheckName(part); err != nil && c.Dir != "." {
			return fmt.Errorf("commit: folder %q: %w", c.Dir, err)
		}
	}
	for name := range c.names {
		if isPlain(name) { // as nearly all of many thousand are
			continue
		}
		full := path.Join(c.Dir, name)
		if !fs.ValidPath(name) || name == "." {
			return fmt.Errorf("commit: file %q: not a valid path", name)
		}
		for part := range strings.SplitSeq(full, "/") {
			if err := snapshot.CheckName(part); err != nil {
				return fmt.Errorf("commit: file %q: %w", full, err)
			}
		}
	}
	if c.Author == "" || strings.ContainsAny(c.Author+c.Email, "<>\n\r\x00") {
		return fmt.Errorf("commit: author %q <%s>: not a name and address", c.Author, c.Email)
	}
	if strings.TrimSpace(c.Message) == "" || strings.ContainsRune(c.Message, 0) {
		return errors.New("commit: no message, or a NUL in it")
	}
	if c.When.IsZero() {
		return errors.New("commit: no time")
	}
	return nil
}

// isPlain reports whether a path has only letters, digits and some signs, and no part that begins with a dot.
func isPlain(name string) bool {
	start := true // of a part
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && !start:
			start = false
		case c == '/' && !start:
			start = true
		default:
			return false
		}
	}
	return !start
}

// pushDelays are the waits between two attempts to push: 25 ms, doubling up to 1.6 s, plus a random part of up to the
// same length, so that two writers do not collide again. The figures are our choice; the sum is at most 13 s.
var pushDelays = wait.Backoff{
	Duration: 25 * time.Millisecond,
	Factor:   2,
	Jitter:   1,
	Steps:    math.MaxInt32,
	Cap:      1600 * time.Millisecond,
}
