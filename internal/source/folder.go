// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"unicode/utf8"

	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace/find"
)

// Git answers what a Reader asks about a working tree and its files. The zero value knows nothing of Git.
type Git struct {
	// Patterns returns patterns in the syntax of gitignore, without any line.
	Patterns func() find.Patterns
	// WorkTree returns the patterns that are not in a file named .gitignore, and the files in the index.
	WorkTree func(top string) (excludes find.Patterns, tracked map[string]bool, err error)
}

// folder is a folder of the disk, with the content that a commit of it would have. Symbolic links are not followed, not
// even to files of the folder, and what Git leaves out is left out, as package files describes.
type folder struct {
	root *os.Root
	left *leftOut // nil where nothing is
}

// openFolder opens a folder without asking what Git ignores.
func openFolder(dir string) (folder, error) {
	root, err := os.OpenRoot(dir)
	return folder{root: root}, err
}

// Folder returns a folder of the disk as a file system that follows no link. An error comes with the first file.
func Folder(dir string) fs.FS {
	if err := CheckLinks(dir); err != nil {
		return failing{err}
	}
	f, err := openFolder(dir)
	if err != nil {
		return failing{err}
	}
	return f
}

// failing is a file system that cannot be read.
type failing struct{ err error }

func (f failing) Open(string) (fs.File, error) { return nil, f.err }

// look returns what a path names. Below what is not read there is nothing.
func (f folder) look(op, name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	info, err := f.root.Lstat(".")
	if err != nil || name == "." {
		return info, err
	}
	at := "."
	for part := range strings.SplitSeq(name, "/") {
		if why := files.Why(info); why != "" {
			return nil, &fs.PathError{Op: op, Path: name, Err: fmt.Errorf("%w: %s %s", fs.ErrNotExist, at, why)}
		}
		if strings.EqualFold(part, gitFolder) { // it may hold credentials, and no commit has it
			return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		at = path.Join(at, part)
		if info, err = f.root.Lstat(filepath.FromSlash(at)); err != nil {
			if at := (*fs.PathError)(nil); errors.As(err, &at) {
				err = at.Err // without the path of the machine
			}
			return nil, &fs.PathError{Op: op, Path: name, Err: err}
		}
		info = f.judge(at, info)
	}
	return info, nil
}

// judge returns the entry at a path as the tree shows it.
func (f folder) judge(at string, info fs.FileInfo) fs.FileInfo {
	why := files.Why(info)
	switch {
	case why != "":
	case !utf8.ValidString(info.Name()) || strings.ContainsFunc(info.Name(), isOdd):
		why = files.OddName
	case info.IsDir() && f.isModule(at):
		why = files.Submodule
	case f.left != nil && f.left.out(f, at, info.IsDir()):
		why = files.Ignored
	default:
		return info
	}
	return unread{info, why}
}

// isOdd reports whether a name with this character makes the Git snapshot refuse a commit.
func isOdd(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }

// isModule reports whether a folder is a submodule, or another repository inside this one, which Git takes for one.
func (f folder) isModule(at string) bool {
	_, err := f.root.Lstat(filepath.Join(filepath.FromSlash(at), gitFolder))
	return err == nil
}

// unread is the entry of something that is not read.
type unread struct {
	fs.FileInfo
	why files.Unread
}

func (u unread) IsDir() bool { return false }
func (u unread) Sys() any    { return u.why }
func (u unread) Mode() fs.FileMode {
	if u.why == files.Link {
		return fs.ModeSymlink | u.FileInfo.Mode().Perm()
	}
	return fs.ModeIrregular | u.FileInfo.Mode().Perm()
}

// Open opens a regular file or a folder.
func (f folder) Open(name string) (fs.File, error) {
	info, err := f.look("open", name)
	if err != nil {
		return nil, err
	}
	if why := files.Why(info); why != "" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("%w: it %s", fs.ErrNotExist, why)}
	}
	file, err := f.root.Open(filepath.FromSlash(name))
	if err != nil || !info.IsDir() {
		return file, err
	}
	_ = file.Close()
	entries, err := f.ReadDir(name)
	return &openDir{info: info, entries: entries}, err
}

// Stat returns what a path names. It does not follow a link either.
func (f folder) Stat(name string) (fs.FileInfo, error) { return f.look("stat", name) }

// ReadDir lists a folder, sorted by name. Of what Git ignores it lists manifests, and folders with a file for syncer.
func (f folder) ReadDir(name string) ([]fs.DirEntry, error) {
	info, err := f.look("readdir", name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	listed, err := fs.ReadDir(f.root.FS(), name)
	if err != nil {
		return nil, err
	}
	var out []fs.DirEntry
	for _, e := range listed {
		at := path.Join(name, e.Name())
		info, err := f.root.Lstat(filepath.FromSlash(at))
		if err != nil || strings.EqualFold(e.Name(), gitFolder) {
			continue // removed since it was listed, or not part of a tree
		}
		shown := f.judge(at, info)
		if files.Why(shown) == files.Ignored && !f.worthSaying(at, info.IsDir()) {
			continue
		}
		out = append(out, fs.FileInfoToDirEntry(shown))
	}
	return out, nil
}

// maxLooked bounds the files that are searched for a Workspace below one ignored folder.
const maxLooked = 1000

// worthSaying reports whether an ignored file may be missed: a manifest, or a folder with one that names KAITO.
func (f folder) worthSaying(at string, dir bool) bool {
	if !dir {
		return isManifest(at)
	}
	found, looked := false, 0
	_ = fs.WalkDir(f.root.FS(), at, func(name string, d fs.DirEntry, err error) error {
		if looked++; err != nil || found || looked > maxLooked {
			return fs.SkipAll
		}
		if d.Type().IsRegular() && isManifest(name) {
			if info, err := d.Info(); err == nil && info.Size() <= maxStdin {
				text, err := f.root.ReadFile(filepath.FromSlash(name))
				found = err == nil && bytes.Contains(text, []byte("apiVersion: "+wellknown.PrefixKAITO))
			}
		}
		return nil
	})
	return found
}

func isManifest(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// openDir is an open folder.
type openDir struct {
	info    fs.FileInfo
	entries []fs.DirEntry
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDir) Close() error               { return nil }

// Read returns an error: a folder has no content.
func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.Name(), Err: fs.ErrInvalid}
}

// ReadDir returns the next entries.
func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) { return nextEntries(&d.entries, n) }

// leftOut knows what Git leaves out of a working tree. Files in the index are in the next commit, also those that
// match a pattern.
type leftOut struct {
	mu       sync.Mutex
	patterns find.Patterns
	tracked  map[string]bool // files, and the folders they are in
	read     map[string]bool // folders whose .gitignore has been added
}

func newLeftOut(patterns find.Patterns, tracked map[string]bool) *leftOut {
	l := &leftOut{patterns: patterns, tracked: map[string]bool{}, read: map[string]bool{}}
	for name := range tracked {
		for ; name != "." && !l.tracked[name]; name = path.Dir(name) {
			l.tracked[name] = true
		}
	}
	return l
}

// out reports whether Git leaves a path out.
func (l *leftOut) out(f folder, name string, dir bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tracked[name] {
		return false
	}
	at := "."
	for part := range strings.SplitSeq(name, "/") { // of every folder above the path, from the top
		if !l.read[at] {
			l.read[at] = true
			file := filepath.Join(filepath.FromSlash(at), ".gitignore")
			if info, err := f.root.Lstat(file); err == nil && info.Mode().IsRegular() && info.Size() <= maxStdin {
				if text, err := f.root.ReadFile(file); err == nil {
					l.patterns.Add(at, text)
				}
			}
		}
		at = path.Join(at, part)
	}
	return l.patterns.Ignored(name, dir)
}

// CheckLinks refuses a path that leads through a symbolic link of the repository that it is in: an author of the
// repository could point it at any file. Links above the repository, and those of a path outside of one, are of the
// user's own making.
func CheckLinks(name string) error {
	full, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	top := topOf(full)
	if top == "" {
		return nil
	}
	rel, err := filepath.Rel(top, full)
	if err != nil {
		return err
	}
	shown := filepath.Clean(name)
	at := top
	parts := strings.Split(rel, string(filepath.Separator))
	for i, part := range parts {
		at = filepath.Join(at, part)
		info, err := os.Lstat(at)
		if err != nil {
			return nil // the reader reports what does not exist
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			for range len(parts) - 1 - i {
				shown = filepath.Dir(shown)
			}
			return &LinkError{Path: shown}
		}
	}
	return nil
}

// LinkError says that a path of a repository is a symbolic link.
type LinkError struct{ Path string }

// Error returns the path and what it is.
func (e *LinkError) Error() string { return e.Path + " " + string(files.Link) }

// Hint says what to do.
func (e *LinkError) Hint() string {
	return "name what it points to: a commit does not have its content"
}

// topOf returns the working tree of Git that a full path is in, else the folder of its configuration, else "".
func topOf(full string) string {
	configured := ""
	for dir := full; ; dir = filepath.Dir(dir) {
		if Exists(filepath.Join(dir, gitFolder)) {
			return dir
		}
		if configured == "" && Exists(filepath.Join(dir, DefaultConfig)) {
			configured = dir
		}
		if dir == filepath.Dir(dir) {
			return configured
		}
	}
}
