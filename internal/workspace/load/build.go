// SPDX-License-Identifier: Apache-2.0

package load

import (
	"io/fs"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace/find"
	"syncer.dev/syncer/internal/workspace/foreign"
	"syncer.dev/syncer/internal/workspace/header"
	"syncer.dev/syncer/internal/workspace/suspension"
)

// build reads the output of a kustomization folder. Positions in the output mean nothing to its author, so everything
// is reported at the folder, with the name of the object.
func (l *loader) build(fsys fs.FS, dir string) {
	l.set.Files++
	if l.spent.full {
		l.failed = true
		return
	}
	l.text, l.built[dir] = "", true
	if l.options.Build == nil {
		l.failed = true
		l.unreadable(dir, diag.Errorf(diag.KustomizeNotSupported, "this command does not build kustomization folders"))
		return
	}
	if l.rebuilt(fsys, dir) {
		return
	}
	out, err := l.options.Build(fsys, dir)
	if m := l.options.Memo; m != nil {
		m.builds.Add(1)
	}
	if err != nil {
		l.failed = true
	}
	if d, known := diag.As(err); known && d.Path != "" { // it says where in the tree
		l.set.Problems = append(l.set.Problems, d.At(max(d.Line, 1), max(d.Column, 1)))
		l.markUnreadable(dir)
		return
	}
	if err != nil {
		l.unreadable(dir, diag.Errorf(diag.KustomizeFailed, "%v", err))
		return
	}
	l.builds = append(l.builds, out)
	l.sources = out.Files
	before := l.mark()
	docs, syntax := strictyaml.Documents(out.Text)
	if syntax != nil {
		l.unreadable(dir, diag.Errorf(diag.SyntaxError, "the output of kustomize is not YAML: %s", syntax.Message))
	}
	for _, doc := range docs {
		h := header.Of(doc)
		name := h.Name
		if len(h.NameProblems(doc)) > 0 {
			name = header.Shown(name)
		}
		l.document(dir, doc, h.Kind+"/"+name+": ")
	}
	l.learnBuild(fsys, dir, out, before)
}

// unlisted warns about what kustomizations leave out, most likely by accident: files beside them that look like ours
// and that none of them reads, and parts of them without effect in every build that reads them.
func (l *loader) unlisted(fsys fs.FS, beside []string) {
	if l.failed {
		return // the list is not complete
	}
	read := map[string]int{} // how many builds read a file
	noted := map[diag.Diagnostic]int{}
	for _, b := range l.builds {
		if b.Files == nil {
			return
		}
		for _, name := range b.Files {
			read[name]++
		}
		for _, note := range b.Notes {
			noted[note]++
		}
	}
	for _, note := range slices.SortedFunc(maps.Keys(noted), diag.Diagnostic.Compare) {
		if noted[note] == read[note.Path] {
			l.set.Problems = append(l.set.Problems, note)
		}
	}
	for _, name := range beside {
		if read[name] > 0 {
			continue
		}
		key := memoKey{whatIsBeside, name, files.ID(fsys, name)}
		l.set.Problems = append(l.set.Problems, memoized(l.options.Memo, key, func() []diag.Diagnostic {
			return l.unlistedIn(fsys, name)
		})...)
	}
}

// unlistedIn warns about the documents of a file that no kustomization lists.
func (l *loader) unlistedIn(fsys fs.FS, name string) []diag.Diagnostic {
	data, err := l.read(fsys, name)
	if err != nil || !foreign.MayBeOurs(name, data) {
		return nil
	}
	var out []diag.Diagnostic
	docs, _ := strictyaml.Documents(data)
	for _, doc := range docs {
		if h := header.Of(doc); l.ours(h) {
			out = append(out,
				diag.Warningf(diag.FileNotListed, "%s %s is not read, because no kustomization lists this file", h.Kind, h.Name).
					In(name).At(doc.Line, doc.Column).
					Suggest("add it to resources of the kustomization above it, or to "+find.IgnoreFile))
		}
	}
	return out
}

// ours reports whether a document is one that syncer acts on.
func (l *loader) ours(h header.Header) bool {
	group, _, grouped := strings.Cut(h.APIVersion, "/")
	kind := h.Kind
	if grouped {
		kind += "." + group
	}
	return group == "kaito.sh" || h.Kind == suspension.Kind || slices.Contains(l.options.Objects, kind)
}
