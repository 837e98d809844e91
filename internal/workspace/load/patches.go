// SPDX-License-Identifier: Apache-2.0

package load

import (
	"cmp"
	"io/fs"
	"path"
	"slices"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// patches gives Workspaces the patches that lie beside them. Those that are built by a kustomization are not meant:
// there, files of such names are patches of the Workspace itself.
func (l *loader) patches(fsys fs.FS, names []string) {
	if len(names) == 0 {
		return
	}
	targets := map[string][]int{} // folder and name without .patch.yaml -> Workspaces
	for i := range l.set.Workspaces {
		w := &l.set.Workspaces[i]
		if l.built[w.Source.Path] {
			continue
		}
		for _, name := range slices.Compact([]string{w.Name, cmp.Or(w.InferenceSet, w.Name)}) {
			target := path.Join(path.Dir(w.Source.Path), name)
			targets[target] = append(targets[target], i)
		}
	}
	unreadable, seen := map[string]bool{}, 0 // folders, and how many of l.set.Unreadable they are of
	for _, name := range names {
		l.set.Files++
		p, err := l.patch(fsys, name)
		beside := targets[path.Join(path.Dir(name), workspace.PatchTarget(name))]
		for _, i := range beside {
			w := &l.set.Workspaces[i]
			if err != nil {
				l.set.Problems = append(l.set.Problems, diag.Errorf(diag.UnreadableFile, "%v", err).In(name).At(1, 1).For(w.Key))
			}
			if p.over != nil {
				l.set.Problems = append(l.set.Problems, p.over.In(name).For(w.Key))
			}
			if !l.affords(w, name, p.size) {
				continue
			}
			if w.Patch != nil {
				second := diag.Errorf(diag.DuplicatePatch, "is a second patch file for %s", w.Key).
					Suggest("merge it into " + w.Patch.Path)
				l.set.Problems = append(l.set.Problems, second.In(name).At(1, 1).For(w.Key))
			}
			w.Patch = &workspace.Patch{Path: name, Text: p.text}
		}
		for ; seen < len(l.set.Unreadable); seen++ {
			unreadable[path.Dir(l.set.Unreadable[seen])] = true
		}
		if len(beside) == 0 && !unreadable[path.Dir(name)] {
			alone := diag.Errorf(diag.PatchWithoutWorkspace, "no file in its folder holds a Workspace or InferenceSet named %q",
				workspace.PatchTarget(name)).
				Suggest("name a patch after its Workspace, such as chat.patch.yaml for the Workspace chat")
			l.set.Problems = append(l.set.Problems, alone.In(name).At(1, 1))
		}
	}
}

// patchFile is what is known of the file of a patch.
type patchFile struct {
	text string
	size strictyaml.Extent
	over *diag.Diagnostic // why it is too large
}

// patch reads the file of a patch.
func (l *loader) patch(fsys fs.FS, name string) (patchFile, error) {
	key := memoKey{whatItPatches, name, files.ID(fsys, name)}
	if p, ok := remember[patchFile](l.options.Memo, key); ok {
		return p, nil
	}
	data, err := l.read(fsys, name)
	p := patchFile{text: string(data)}
	p.size, p.over = patchSize(data)
	if err == nil {
		l.options.Memo.put(key, p)
	}
	return p, err
}
