package git

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Limits on what a Snapshot shows. They are far above a repository of configuration and far below what would hurt.
const (
	maxFileBytes     = 1 << 20 // of one file that is read
	maxEntries       = 50_000  // files and folders
	maxSnapshotBytes = 64 << 20
)

// Snapshot is the tree of one commit as a read-only file system: an [fs.FS] with ReadDir, ReadFile and Stat. It is immutable
// and safe for concurrent use.
//
// Symbolic links and submodules are not in it: see Skipped. A file of more than 1 MiB is listed, but reading it is an error.
// All times are the commit's.
type Snapshot struct {
	set     objects
	root    *node
	time    time.Time
	skipped []string
}

// node is a file or folder.
type node struct {
	name     string
	mode     fs.FileMode
	hash     plumbing.Hash
	size     int64
	children []*node // of a folder, sorted by name
}

// newSnapshot indexes all of the tree. A name that could mislead anything that is given the path is refused, and with it the
// commit, since leaving the file out would look as if it had been deleted.
func newSnapshot(v *version) (*Snapshot, error) {
	s := &Snapshot{set: v.set, time: v.commit.Time}
	ix := indexer{s: s}
	root, err := ix.folder(".", v.commit.Tree.plumbing(), 0)
	if err != nil {
		return nil, fmt.Errorf("commit %s: %w", v.commit.Hash.Short(), err)
	}
	s.root = root
	slices.Sort(s.skipped)
	return s, nil
}

type indexer struct {
	s       *Snapshot
	entries int
	bytes   int64
}

func (ix *indexer) folder(at string, h plumbing.Hash, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("folders nested more than %d deep: %w", maxDepth, ErrTooLarge)
	}
	entries, err := ix.s.set.tree(h)
	if err != nil {
		return nil, err
	}
	n := &node{name: path.Base(at), mode: fs.ModeDir | 0o555, hash: h}
	for i := range entries {
		child, err := ix.entry(path.Join(at, entries[i].Name), &entries[i], depth)
		if err != nil {
			return nil, err
		}
		if child != nil {
			n.children = append(n.children, child)
		}
	}
	slices.SortFunc(n.children, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(n.children); i++ {
		if n.children[i].name == n.children[i-1].name {
			return nil, fmt.Errorf("%q is in the tree twice", path.Join(at, n.children[i].name))
		}
	}
	return n, nil
}

func (ix *indexer) entry(at string, e *object.TreeEntry, depth int) (*node, error) {
	if err := checkName(e.Name); err != nil {
		return nil, fmt.Errorf("path %q: %w", at, err)
	}
	if ix.entries++; ix.entries > maxEntries {
		return nil, fmt.Errorf("more than %d files and folders: %w", maxEntries, ErrTooLarge)
	}
	switch e.Mode {
	case filemode.Dir:
		return ix.folder(at, e.Hash, depth+1)
	case filemode.Regular, filemode.Executable, filemode.Deprecated:
		o, err := ix.s.set.get(plumbing.BlobObject, e.Hash)
		if err != nil {
			return nil, err
		}
		if o.Size() <= maxFileBytes {
			ix.bytes += o.Size()
		}
		if ix.bytes > maxSnapshotBytes {
			return nil, fmt.Errorf("files of more than %d bytes in total: %w", maxSnapshotBytes, ErrTooLarge)
		}
		return &node{name: e.Name, mode: 0o444, hash: e.Hash, size: o.Size()}, nil
	default: // a symbolic link or a submodule
		ix.s.skipped = append(ix.s.skipped, at)
		return nil, nil
	}
}

// checkName refuses names of files that are no plain names: those that mean something to a file system or to Git, and those
// that do not show what they are.
func checkName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("%q is not a file name", name)
	case strings.EqualFold(name, ".git"):
		return fmt.Errorf("%q belongs to Git itself", name)
	case !fs.ValidPath(name) || strings.ContainsAny(name, `/\`):
		return fmt.Errorf("a file name that is not UTF-8 or holds a slash or backslash")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("a file name with control characters")
	}
	return nil
}

// Skipped returns the paths of the symbolic links and submodules that were left out, sorted.
func (s *Snapshot) Skipped() []string { return slices.Clone(s.skipped) }

// TreeHash returns the hash of the file or folder at name, "." for the root. Equal hashes mean equal content, so that a caller
// can tell whether what it has read has changed. The error is fs.ErrNotExist where there is nothing.
func (s *Snapshot) TreeHash(name string) (Hash, error) {
	n, err := s.find("hash", name)
	if err != nil {
		return "", err
	}
	return hashOf(n.hash), nil
}

func (s *Snapshot) find(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	n := s.root
	if name == "." {
		return n, nil
	}
	for part := range strings.SplitSeq(name, "/") {
		i, ok := slices.BinarySearchFunc(n.children, part, func(c *node, part string) int { return strings.Compare(c.name, part) })
		if !ok {
			return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		n = n.children[i]
	}
	return n, nil
}
