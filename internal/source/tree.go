// SPDX-License-Identifier: Apache-2.0

package source

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/presets"
)

// Tree is what a command reads: a part of a file system, and how to write its paths for the user.
type Tree struct {
	Files   fs.FS
	Root    string // the folder of Files that is read; kustomizations in it may refer to the rest
	Presets string // the folder of Files with the presets; "" for that of Root, else that of the root of Files
	Display func(name string) string
	// Notes are warnings about the tree as a whole.
	Notes []diag.Diagnostic
}

// OpenPath opens a PATH argument: a folder, with the repository it is in around it, or a file, alone with its patches.
// The presets are those of its repository.
func (r Reader) OpenPath(name string) (Tree, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Tree{}, Missing(err, nameAPath)
	}
	if err := CheckLinks(name); err != nil {
		return Tree{}, err
	}
	if !info.IsDir() {
		return r.openFile(name)
	}
	full, err := filepath.Abs(name)
	if err != nil {
		return Tree{}, err
	}
	top := topOf(full)
	if top == "" {
		top = full
	}
	rel, err := filepath.Rel(top, full)
	if err != nil {
		return Tree{}, err
	}
	t := Tree{Root: filepath.ToSlash(rel)}
	shownTop := name // as relative as the user wrote it
	if t.Root != "." {
		shownTop = filepath.Join(name, strings.Repeat(".."+string(filepath.Separator), 1+strings.Count(t.Root, "/")))
	}
	t.Display = func(p string) string {
		if rest, ok := below(t.Root, p); ok {
			return filepath.Join(name, filepath.FromSlash(rest))
		}
		return filepath.Join(shownTop, filepath.FromSlash(p))
	}
	if t.Files, t.Notes, err = r.workTree(top, t.Root); err != nil {
		return Tree{}, err
	}
	t.Presets = path.Join(t.Root, PresetsFolder) // none, unless it exists: others of the repository do not count
	if dir := r.PresetsOf(name); dir != "" {
		if full, err := filepath.Abs(dir); err == nil {
			if rel, err := filepath.Rel(top, full); err == nil && filepath.IsLocal(rel) {
				t.Presets = filepath.ToSlash(rel)
			}
		}
	}
	return t, nil
}

// below returns the rest of a path after a folder, if it lies there; "." for the folder itself.
func below(root, name string) (string, bool) {
	if root == "." {
		return name, true
	}
	if name == root {
		return ".", true
	}
	return strings.CutPrefix(name, root+"/")
}

// openFile opens a single file. It was named, so it is read even if Git ignores it.
func (r Reader) openFile(name string) (Tree, error) {
	real := name
	if full, err := filepath.Abs(name); err == nil && topOf(full) == "" {
		if real, err = filepath.EvalSymlinks(name); err != nil { // a link of the user's own
			return Tree{}, err
		}
	}
	dir, base := filepath.Dir(real), filepath.Base(real)
	outer, err := openFolder(dir)
	if err != nil {
		return Tree{}, err
	}
	file := newOneFile(outer, base)
	t := Tree{Root: ".", Notes: r.ignoredNote(name)}
	t.Files, t.Display = r.WithPresets(name, file, func(p string) string {
		if p == base {
			return name
		}
		return filepath.Join(dir, filepath.FromSlash(p))
	})
	return t, nil
}

// OpenFiles opens files that were named together. The presets are those of the first.
func (r Reader) OpenFiles(files manyFiles) Tree {
	t := Tree{Root: "."}
	t.Files, t.Display = r.WithPresets(files[0], files, files.Named)
	for i, name := range files {
		for _, note := range r.ignoredNote(name) {
			t.Notes = append(t.Notes, note.In(strconv.Itoa(i)))
		}
	}
	return t
}

// workTree opens the folder top, of which root is to be read.
func (r Reader) workTree(top, root string) (fs.FS, []diag.Diagnostic, error) {
	f, err := openFolder(top)
	if err != nil || r.Git.WorkTree == nil || !Exists(filepath.Join(top, gitFolder)) {
		return f, nil, err
	}
	excludes, tracked, err := r.Git.WorkTree(top)
	if err != nil {
		return f, []diag.Diagnostic{
			diag.Warningf(diag.NotRead, "which files Git ignores is not known, and all are read: %v", err).In(root),
		}, nil
	}
	f.left = newLeftOut(excludes, tracked)
	if at, why := files.Blocked(f, root); why == files.Ignored { // it was named
		f.left = nil
		return f, []diag.Diagnostic{namedIgnored(at)}, nil
	}
	return f, nil, nil
}

func namedIgnored(name string) diag.Diagnostic {
	return diag.Warningf(diag.NotRead, "is ignored by Git; it is read here because it was named, but it is in no commit").
		In(name).Suggest("add it with git add --force")
}

// ignoredNote warns about a named file that Git ignores.
func (r Reader) ignoredNote(name string) []diag.Diagnostic {
	full, err := filepath.Abs(name)
	if err != nil {
		return nil
	}
	top := topOf(full)
	rel, err := filepath.Rel(top, full)
	if top == "" || err != nil {
		return nil
	}
	tree, _, err := r.workTree(top, ".")
	if err != nil {
		return nil
	}
	if _, why := files.Blocked(tree, filepath.ToSlash(rel)); why == files.Ignored {
		return []diag.Diagnostic{namedIgnored(filepath.Base(name))}
	}
	return nil
}

// ReadTree loads and checks the Workspaces of a tree by the rules of admission.
func (r Reader) ReadTree(t Tree) (desired.Input, error) {
	options := r.LoadOptions()
	options.Root, options.Presets = t.Root, t.Presets
	in, err := desired.Read(t.Files, presets.FS, options, r.env(), r.Rendered)
	if err != nil {
		return in, err
	}
	r.Rendered.Fit(r.Config.Cluster, len(in.Set.Workspaces))
	in.Set.Problems = append(in.Set.Problems, t.Notes...)
	in.Set.Loaded = append(in.Set.Loaded, t.Notes...)
	if t.Display != nil {
		in.Set.Rename(t.Display)
	}
	in.Set.Problems = append(in.Set.Problems, r.notes...)
	in.Renderer.Show(func(name string) string {
		if rest, ok := strings.CutPrefix(name, PresetsFolder+"/"); ok && in.Presets != "" {
			name = path.Join(in.Presets, rest)
		}
		if t.Display != nil {
			name = t.Display(name)
		}
		return name
	})
	return in, nil
}

// Empty returns an error for a PATH that was read and holds nothing. What it holds may be presets alone, or objects of
// kinds that are not accepted, each of which has a warning.
func Empty(name string, in desired.Input) error {
	set := in.Set
	n := len(set.Workspaces) + len(set.InferenceSets) + len(set.Objects) + len(set.Nodes) + len(set.Suspensions)
	if n > 0 || in.Presets != "" {
		return nil
	}
	for _, p := range set.Problems {
		if p.Severity == diag.Error || p.Reason == diag.IgnoredKind {
			return nil // which says more
		}
	}
	if name == "-" {
		name = "standard input"
	}
	return &EmptyError{Path: name, Files: set.Files, Foreign: set.Foreign}
}

// EmptyError says that a path that was named holds nothing to act on.
type EmptyError struct {
	Path    string
	Kinds   string // what it could hold; Workspaces and plain objects when empty
	Files   int    // YAML and JSON files that were looked at
	Foreign int    // those of them that hold no object of Kubernetes
}

// Error returns the path, and what was looked at.
func (e *EmptyError) Error() string {
	text := e.Path + " holds no " + cmp.Or(e.Kinds, "Workspace, InferenceSet or plain object")
	if e.Foreign > 0 && e.Foreign == e.Files {
		text += fmt.Sprintf("; none of its YAML and JSON files (%d) has apiVersion and kind", e.Files)
	}
	return text
}

// CommitTree returns the folder source.path of a commit. other is the commit at the other side of a comparison, or nil:
// what one of them has and the other lacks is empty there, so that the change that begins or ends something can be
// planned.
func CommitTree(commit, other fs.FS, sourcePath string) (Tree, error) {
	root := path.Clean(sourcePath)
	t := Tree{Files: commit, Root: root}
	info, err := fs.Stat(commit, root)
	if err == nil && info.IsDir() {
		return t, nil
	}
	if at, why := files.Blocked(commit, root); why != "" {
		return Tree{}, fmt.Errorf("%s %s (configuration: source.path; name a folder that is in the commit)", at, why)
	}
	if other != nil {
		if info, err := fs.Stat(other, root); err == nil && info.IsDir() && isMissing(commit, root) {
			return Tree{Files: nothing{}, Root: "."}, nil
		}
	}
	return Tree{}, fmt.Errorf(
		"the commit has no folder %q (configuration: source.path, which starts at the root of the repository); "+
			"if its last file was removed on purpose, push a commit with the trailer \"Syncer-Allow-Empty: true\"", root)
}

// EmptyTree returns the folder source.path of a commit whose author has confirmed that it is empty: Git keeps no
// empty folder, so that the removal of its last file removes it. Where the folder is there, or something else has
// replaced it, the error is why, for which CommitTree could not read it.
func EmptyTree(commit fs.FS, sourcePath string, why error) (Tree, error) {
	root := path.Clean(sourcePath)
	if _, blocked := files.Blocked(commit, root); blocked != "" || !isMissing(commit, root) {
		return Tree{}, why
	}
	return Tree{Files: nothing{}, Root: "."}, nil
}

// At returns a folder or a file of a commit, with nothing in it where the commit has neither. Its paths are those in
// the commit.
func At(commit fs.FS, rel string) (Tree, error) {
	info, err := fs.Stat(commit, rel)
	if at, why := files.Blocked(commit, rel); why != "" {
		return Tree{}, fmt.Errorf("%s %s", at, why)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Tree{Files: nothing{}, Root: "."}, nil
	case err != nil:
		return Tree{}, err
	case info.IsDir():
		return Tree{Files: commit, Root: rel}, nil
	}
	dir, err := fs.Sub(commit, path.Dir(rel))
	if err != nil {
		return Tree{}, err
	}
	return Tree{
		Files:   newOneFile(dir, path.Base(rel)),
		Root:    ".",
		Display: func(p string) string { return path.Join(path.Dir(rel), p) },
	}, nil
}

// Nothing returns a tree without files.
func Nothing() fs.FS { return nothing{} }

// nothing is an empty folder.
type nothing struct{}

// Open opens the folder.
func (nothing) Open(name string) (fs.File, error) {
	if name == "." {
		return &openDir{info: textInfo{".", fs.ModeDir | 0o555, 0}}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// isMissing reports whether a tree has nothing at a path.
func isMissing(tree fs.FS, name string) bool {
	_, err := fs.Stat(tree, name)
	return errors.Is(err, fs.ErrNotExist)
}
