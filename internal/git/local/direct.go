// SPDX-License-Identifier: Apache-2.0

package local

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// Direct reads what a push to a repository on this machine has just written, without a git process: the ref of a
// branch, and objects in files of their own. It knows no packs, and refuses all that is unusual, so that the caller
// has git answer instead. It is safe for concurrent use.
type Direct struct {
	dir string

	mu      sync.Mutex
	trusted map[string]state // by branch
}

// state is what git has accepted, and when.
type state struct {
	config os.FileInfo // nil for none
	at     time.Time
}

// trustedFor is how long what git has accepted counts: settings outside of the repository may change. It is ours.
const trustedFor = 10 * time.Minute

// NewDirect returns a Direct for the repository at dir. It may read a branch once git has shown it.
func NewDirect(dir string) *Direct { return &Direct{dir: dir, trusted: map[string]state{}} }

// Before returns what to call after git has accepted the repository and shown a branch, which its settings may hide:
// that counts as long as its settings stay as they are now. A nil Direct is never accepted.
func (d *Direct) Before() (shown func(branch string)) {
	if d == nil {
		return func(string) {}
	}
	_, common := Dirs(d.dir)
	now := state{at: time.Now()}
	now.config, _ = os.Lstat(filepath.Join(common, "config"))
	return func(branch string) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.trusted[branch] = now
	}
}

var (
	errUnusual = errors.New("not the usual repository")
	errRef     = errors.New("not the hash of a commit")
)

// Open opens the repository to read a branch if it is usual: it belongs to the user of this process, has files for its
// refs, and has the settings with which git has shown the branch lately.
func (d *Direct) Open(branch string) (*Files, error) {
	if d == nil {
		return nil, errUnusual
	}
	for _, name := range []string{"GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"} {
		if os.Getenv(name) != "" {
			return nil, errUnusual
		}
	}
	d.mu.Lock()
	trusted := d.trusted[branch]
	d.mu.Unlock()
	gitDir, common := Dirs(d.dir)
	config, err := os.Lstat(filepath.Join(common, "config"))
	if err != nil || trusted.config == nil || !sameFile(config, trusted.config) ||
		time.Since(trusted.at) > trustedFor || isFolder(filepath.Join(common, "reftable")) {
		return nil, errUnusual
	}
	for _, dir := range []string{d.dir, gitDir, common, filepath.Join(common, "objects")} {
		if info, err := os.Stat(dir); err != nil || !isOurs(info) {
			return nil, errUnusual
		}
	}
	root, err := os.OpenRoot(common)
	if err != nil {
		return nil, err
	}
	return &Files{root: root, gitDir: gitDir}, nil
}

func sameFile(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// Files are those of a repository. Paths that lead out of it are refused.
type Files struct {
	root   *os.Root
	gitDir string
}

// Close gives them back.
func (f *Files) Close() { _ = f.root.Close() }

// open opens a regular file, and returns its size.
func (f *Files) open(name string) (*os.File, int64, error) {
	info, err := f.root.Stat(name) // opening a pipe would wait
	if err != nil {
		return nil, 0, err
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errUnusual
	}
	file, err := f.root.Open(name)
	return file, info.Size(), err
}

// Head returns the branch that HEAD names.
func (f *Files) Head() (string, error) {
	line, _ := firstLine(filepath.Join(f.gitDir, "HEAD"))
	branch, ok := strings.CutPrefix(line, "ref: refs/heads/")
	if !ok {
		return "", errRef
	}
	return branch, nil
}

// Tip returns the commit of a branch that has a file of its own.
func (f *Files) Tip(branch string) (plumbing.Hash, error) {
	name := path.Join("refs/heads", branch)
	if !fs.ValidPath(name) || name != "refs/heads/"+branch {
		return plumbing.ZeroHash, errRef
	}
	file, _, err := f.open(name)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	defer file.Close()
	b := make([]byte, len("0123456789012345678901234567890123456789\n")+1)
	n, err := io.ReadFull(file, b)
	text, whole := strings.CutSuffix(string(b[:n]), "\n")
	if !errors.Is(err, io.ErrUnexpectedEOF) || !whole || len(text) != 2*len(plumbing.ZeroHash) || !plumbing.IsHash(text) {
		return plumbing.ZeroHash, errRef
	}
	return plumbing.NewHash(text), nil
}
