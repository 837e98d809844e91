// SPDX-License-Identifier: Apache-2.0

package load

import (
	"io/fs"
	"path"
	"reflect"
	"slices"
	"sort"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/find"
)

// whole is a tree that was read, with all that came of it. It does not change. It is of a tree of which every file was
// read by itself: no kustomization, nothing that depends on keys, and nothing behind a limit.
type whole struct {
	options Options // that it was read with, without functions
	fsys    fs.FS
	files   []readFile // as in tree
	byName  []int      // places in files, in the order of the names
	set     workspace.Set
	spent   spent
	patches []string
}

// whole returns what came of the tree; nil where another tree with the same names may differ by more than its files.
func (l *loader) whole(fsys fs.FS, listed find.Found) *whole {
	if len(listed.Folders)+len(listed.Beside)+len(l.unread) > 0 || l.spent.full ||
		len(l.now.files) != len(listed.Files) || l.options.Memo == nil {
		return nil
	}
	if _, known := fsys.(files.Compared); !known {
		return nil
	}
	out := &whole{l.options.values(), fsys, l.now.files, nil, *l.set, l.spent, listed.Patches}
	out.set.Problems = slices.Clone(out.set.Problems) // callers add some, and sort them
	out.byName = make([]int, len(out.files))
	for i := range out.byName {
		out.byName[i] = i
	}
	slices.SortFunc(out.byName, func(a, b int) int { return strings.Compare(out.files[a].name, out.files[b].name) })
	return out
}

// values returns the Options without functions and Memo. A caller may read one folder of a tree, and then all of it.
func (o Options) values() Options {
	o.Patterns, o.Open, o.Build, o.Memo = nil, nil, nil, nil
	return o
}

// find returns the place of a file that was read.
func (w *whole) find(name string) (int, bool) {
	i := sort.Search(len(w.byName), func(i int) bool { return w.files[w.byName[i]].name >= name })
	if i == len(w.byName) || w.files[w.byName[i]].name != name {
		return 0, false
	}
	return w.byName[i], true
}

// plain returns the only Workspace of a file that holds nothing else, as it is in the Set, and its place there. It has
// no Problem and no patch, so that it follows from its document and the ConfigMap that it names.
func (w *whole) plain(d *decoded) (at int, ok bool) {
	if len(d.workspaces) != 1 || d.rest != nil || d.text != nil {
		return 0, false
	}
	one := &d.workspaces[0]
	at, ok = slices.BinarySearchFunc(w.set.Workspaces, one.Key, func(w workspace.Workspace, k workspace.Key) int {
		return w.Compare(k)
	})
	if !ok || w.set.Workspaces[at].Source.Path != one.Source.Path || one.InferenceSet != "" {
		return 0, false
	}
	patched := func(name string) bool {
		return workspace.PatchTarget(name) == one.Name && path.Dir(name) == path.Dir(one.Source.Path)
	}
	concerned := func(p diag.Diagnostic) bool {
		return p.Workspace == one.Key || p.Path == one.Source.Path || p.Other == one.Source.Path
	}
	return at, !slices.ContainsFunc(w.patches, patched) && !slices.ContainsFunc(w.set.Problems, concerned)
}

// again returns what Load returns for a tree in which, since the last call, only some files have changed that hold one
// Workspace each: the last Set with others in their places. It returns nil where more than that may have changed.
func (o Options) again(fsys fs.FS) *workspace.Set {
	last := o.Memo.lastWhole()
	if last == nil || !reflect.DeepEqual(last.options, o.values()) {
		return nil
	}
	names, ok := files.Changed(last.fsys, fsys)
	if !ok {
		return nil
	}
	next := *last
	next.fsys, next.files = fsys, slices.Clone(last.files)
	configs := configMaps(last.set.Objects)
	changed := map[int]*workspace.Workspace{} // by their places in the Set
	for _, name := range names {
		if o.Root != "." && !strings.HasPrefix(name, o.Root+"/") && path.Base(name) != find.IgnoreFile {
			continue // it is no input
		}
		i, known := last.find(name)
		if !known {
			return nil
		}
		at, w := next.replace(fsys, o, i, configs)
		if w == nil {
			return nil
		}
		changed[at] = w
	}
	set := last.set
	set.Problems, set.Unreadable = slices.Clone(set.Problems), slices.Clone(set.Unreadable)
	places := make([]int, 0, len(changed))
	if len(changed) > 0 {
		set.Workspaces = slices.Clone(set.Workspaces)
	}
	for at, w := range changed {
		set.Workspaces[at] = *w
		places = append(places, at)
	}
	if slices.Sort(places); len(places) > 0 {
		set.NumberedAfter(&last.set, places)
	}
	next.set = set
	next.set.Problems, next.set.Unreadable = last.set.Problems, last.set.Unreadable
	o.Memo.follow(&next, last)
	return &set
}

// replace reads a file again, and returns the place of its Workspace in the Set with what is there now; nil where the
// file holds, or held, anything else.
func (w *whole) replace(
	fsys fs.FS, o Options, i int, configs map[workspace.Key]workspace.Object,
) (at int, _ *workspace.Workspace) {
	was := w.files[i]
	at, plain := w.plain(was.holds)
	if !plain {
		return 0, nil
	}
	l := newLoader(fsys, o)
	l.before, l.now = &tree{}, &tree{}
	l.spent = w.spent
	l.spent.workspaces -= was.holds.spent.workspaces
	l.spent.objects -= was.holds.spent.objects
	l.spent.values -= was.holds.spent.values
	l.spent.bytes -= was.holds.spent.bytes
	l.file(fsys, was.name)
	if len(l.now.files) != 1 || l.spent.full {
		return 0, nil
	}
	is := l.now.files[0]
	if len(is.holds.workspaces) != 1 || is.holds.rest != nil || is.holds.text != nil ||
		is.holds.workspaces[0].Key != was.holds.workspaces[0].Key {
		return 0, nil
	}
	w.files[i], w.spent = is, l.spent
	l.now = &tree{files: w.files} // in which the file of its ConfigMap is
	made := l.finished(&l.set.Workspaces[0], configs)
	out := *made
	out.Origin = made
	return at, &out
}
