package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// A Branch keeps files under folders of its own. Several processes may keep different folders on the same branch, and people
// may commit to it as well: each writer's folder ends up as it wrote it, and nobody's commit is lost.
type Branch struct{ tracker *tracker }

// Change says what a folder shall hold.
type Change struct {
	Dir     string            // slash-separated; "." for the whole tree
	Files   map[string][]byte // by path relative to Dir: exactly these. None removes the folder
	Message string
	Author  string // name, also the committer's
	Email   string
	When    time.Time
	Signer  Signer // nil to leave the commit unsigned
}

// Signer signs commits.
type Signer interface {
	// Sign returns the armored signature of a commit object without signature, as Git keeps it in the header gpgsig.
	Sign(commit []byte) (signature []byte, err error)
}

// Read returns the files under dir on the branch's tip, by path relative to dir, and the tip. An absent branch or folder is an
// empty map and no error; the tip of an absent branch is empty. Symbolic links and submodules are left out, and files of more
// than 1 MiB are an error.
func (b *Branch) Read(ctx context.Context, dir string) (files map[string][]byte, tip Hash, err error) {
	if !fs.ValidPath(dir) {
		return nil, "", fmt.Errorf("folder %q: not a valid path", dir)
	}
	v, err := b.tracker.fetch(ctx)
	if isMissing(err) {
		return map[string][]byte{}, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	files, err = readFolder(v, dir)
	if err != nil {
		return nil, "", fmt.Errorf("read branch %s: %w", b.tracker.branch, err)
	}
	return files, v.commit.Hash, nil
}

func readFolder(v *version, dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	tree, err := subtree(v.set, v.commit.Tree.plumbing(), dir)
	if err != nil || tree.IsZero() {
		return files, err
	}
	sub := *v
	sub.commit.Tree = hashOf(tree)
	s, err := newSnapshot(&sub)
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(s, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[name], err = s.ReadFile(name)
		return err
	})
	return files, err
}

// maxPushes is how often a push is tried while others keep moving the branch.
const maxPushes = 10

// Commit makes the folder c.Dir hold exactly c.Files by one commit on the branch's tip, and pushes it. When it already does,
// nothing is committed, changed is false, and the hash is the tip's. An absent branch is begun with a commit without parents.
// When somebody else moves the branch meanwhile, the same files are laid on the new tip. The error is, or wraps, a
// *RejectedError, an *UnreachableError, or the context's; a push whose answer got lost may have succeeded nevertheless, and
// then the next call finds nothing to change.
func (b *Branch) Commit(ctx context.Context, c Change) (tip Hash, changed bool, err error) {
	if err := c.validate(); err != nil {
		return "", false, err
	}
	t := b.tracker
	if err := refName(t.branch).Validate(); err != nil {
		return "", false, fmt.Errorf("commit: branch %q: not a valid name", t.branch)
	}
	t.update.Lock()
	defer t.update.Unlock()
	var refused *refusal
	for try := range maxPushes {
		if try > 0 {
			if err := sleep(ctx, backoff(try)); err != nil {
				return "", false, err
			}
		}
		tip, changed, err = t.push(ctx, c, refused)
		if refused = nil; !errors.As(err, &refused) {
			return tip, changed, err
		}
	}
	return "", false, t.remote.rejected(t.branch, fmt.Sprintf("given up after %d tries: %s", maxPushes, refused.reason))
}

// push lays the change on the tip that the server has now. The error is a *refusal where trying again may help; the previous
// one tells whether the branch has moved since.
func (t *tracker) push(ctx context.Context, c Change, previous *refusal) (Hash, bool, error) {
	down, err := t.remote.openReceive(ctx, t.branch)
	if err != nil {
		return "", false, err
	}
	defer down.close()
	old := down.adv.References[refName(t.branch).String()]
	if previous != nil && previous.tip == old && !previous.transient {
		return "", false, t.remote.rejected(t.branch, previous.reason)
	}
	base := &version{branch: t.branch, set: objects{}}
	if !old.IsZero() {
		if base, err = t.fetchTip(ctx, old); err != nil {
			return "", false, err
		}
		if base.have.commit != old {
			return "", false, &refusal{tip: old, reason: "it moved while it was read", transient: true}
		}
	}
	fresh := objects{}
	tree, err := layFiles(base, c, fresh)
	if err != nil {
		return "", false, fmt.Errorf("branch %s: %w", t.branch, err)
	}
	if hashOf(tree) == base.commit.Tree || old.IsZero() && len(c.Files) == 0 {
		return base.commit.Hash, false, nil
	}
	tip, err := writeCommit(c, tree, old, fresh)
	if err != nil {
		return "", false, err
	}
	if err := down.update(ctx, old, tip, fresh); err != nil {
		return "", false, err
	}
	// Pushed. Should its objects not be complete here, which they are, the next fetch would clone.
	if err := t.adopt(t.branch, tip, fresh, base.set); err != nil {
		t.current.Store(nil)
	}
	return hashOf(tip), true, nil
}

func (c Change) validate() error {
	if !fs.ValidPath(c.Dir) {
		return fmt.Errorf("commit: folder %q: not a valid path", c.Dir)
	}
	for name := range maps.Keys(c.Files) {
		full := path.Join(c.Dir, name)
		if !fs.ValidPath(name) || name == "." {
			return fmt.Errorf("commit: file %q: not a valid path", name)
		}
		for part := range strings.SplitSeq(full, "/") {
			if err := checkName(part); err != nil {
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

// backoff returns how long to wait before try n: 50 ms, doubling up to 3.2 s, between half and all of it at random so that two
// writers fall out of step.
func backoff(n int) time.Duration {
	d := 50 * time.Millisecond << min(n-1, 6)
	return d/2 + rand.N(d/2)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// refusal is a push that the server did not carry out, though another try might succeed.
type refusal struct {
	tip       plumbing.Hash // where the branch was
	reason    string
	transient bool // whatever the tip is now
}

func (r *refusal) Error() string { return r.reason }
