// SPDX-License-Identifier: Apache-2.0

package edit

import (
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"syncer.dev/syncer/internal/git/objects"
)

// Patch returns a root tree with these files in the folder dir, by relative path, beside what it has. A file that is
// nil is to go. Patch adds to fresh what is new, as Folder does, and looks only at the folders of these files: its
// cost does not depend on the others. The contents must not change any more.
func Patch(
	base objects.Source, root plumbing.Hash, dir string, files map[string][]byte, fresh objects.Set,
) (plumbing.Hash, error) {
	all := &patch{}
	for name, content := range files {
		if dir != "." {
			name = dir + "/" + name
		}
		all.add(strings.Split(name, "/"), content)
	}
	l := layer{base: base, fresh: fresh}
	tree, err := l.patched(root, all)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return l.root(root, tree), nil
}

// patch is what changes in a folder, by name.
type patch struct {
	files   map[string][]byte
	folders map[string]*patch
}

func (p *patch) add(parts []string, content []byte) {
	if len(parts) == 1 {
		if p.files == nil {
			p.files = map[string][]byte{}
		}
		p.files[parts[0]] = content
		return
	}
	if p.folders == nil {
		p.folders = map[string]*patch{}
	}
	if p.folders[parts[0]] == nil {
		p.folders[parts[0]] = &patch{}
	}
	p.folders[parts[0]].add(parts[1:], content)
}

// patched returns the tree that a patch makes of another one: zero when nothing is left in it.
func (l layer) patched(old plumbing.Hash, p *patch) (plumbing.Hash, error) {
	before, err := l.tree(old)
	if err != nil {
		return old, err
	}
	s := splice{before: before}
	files, folders := map[string]bool{}, map[string]bool{} // what the patch changes, and does not add
	for e := range objects.Entries(before) {
		if content, ok := p.files[string(e.Name())]; ok {
			files[string(e.Name())] = true
			err = l.patchFile(&s, e, content)
		} else if below := p.folders[string(e.Name())]; below != nil {
			folders[string(e.Name())] = true
			err = l.patchFolder(&s, e, below)
		}
		if err != nil {
			return old, err
		}
	}
	for name, content := range p.files {
		if content != nil && !files[name] {
			s.add(entry{name, filemode.Regular, l.fresh.Add(objects.New(plumbing.BlobObject, content))})
		}
	}
	for name, below := range p.folders {
		if p.files[name] != nil {
			return old, fmt.Errorf("%s is a file and a folder", name)
		}
		if folders[name] {
			continue
		}
		next, err := l.patched(plumbing.ZeroHash, below)
		if err != nil {
			return old, err
		}
		s.addFolder(name, next)
	}
	return l.put(old, &s), nil
}

// patchFile gives a file of the tree this content, or drops it where that is nil.
func (l layer) patchFile(s *splice, e objects.Entry, content []byte) error {
	if e.IsFolder() {
		return fmt.Errorf("%s is a folder there", e.Name())
	}
	if content == nil {
		s.drop(e)
		return nil
	}
	if h := l.blob(e, content); h != e.Hash() || !isRegular(e) {
		s.drop(e)
		s.add(entry{string(e.Name()), filemode.Regular, h})
	}
	return nil
}

// patchFolder changes a folder of the tree, and drops it where nothing is left in it.
func (l layer) patchFolder(s *splice, e objects.Entry, below *patch) error {
	if !e.IsFolder() {
		return fmt.Errorf("%s is not a folder there", e.Name())
	}
	next, err := l.patched(e.Hash(), below)
	if err != nil || next == e.Hash() {
		return err
	}
	s.drop(e)
	s.addFolder(string(e.Name()), next)
	return nil
}
