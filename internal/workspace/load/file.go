// SPDX-License-Identifier: Apache-2.0

package load

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/workspace/find"
	"syncer.dev/syncer/internal/workspace/foreign"
)

// read reads a file within the limit for one.
func (l *loader) read(fsys fs.FS, name string) ([]byte, error) {
	data, err := files.Read(fsys, name, l.options.Limits.FileBytes)
	var large *files.LargeError
	if errors.As(err, &large) {
		return nil, fmt.Errorf("%w (limit: %s)", err, settingFile)
	}
	return data, err
}

// file reads the documents of one file.
func (l *loader) file(fsys fs.FS, name string) {
	l.set.Files++
	if l.spent.full {
		l.unread = append(l.unread, name)
		return
	}
	l.text = ""
	id := files.ID(fsys, name)
	if l.recall(name, id) {
		return
	}
	data, err := l.read(fsys, name)
	if err != nil {
		if path.Ext(name) == ".json" { // large JSON is data of programs
			l.set.Foreign++
			return
		}
		l.unreadable(name, diag.Errorf(diag.UnreadableFile, "%v", err))
		return
	}
	l.text = string(data)
	if id == "" {
		if id = "text " + l.text; l.recall(name, id) {
			return
		}
	}
	before := l.mark()
	l.documents(name, data)
	if m := l.options.Memo; m != nil {
		m.files.Add(1)
	}
	l.learn(name, id, before)
}

// recall adds what a file was decoded to in an earlier call, if that is known.
func (l *loader) recall(name, id string) bool {
	f := l.before.find(name, id)
	if f == nil {
		d, ok := remember[*decoded](l.options.Memo, memoKey{whatItHolds, name, id})
		if !ok {
			return false
		}
		f = &readFile{name, id, d}
	}
	if !l.replay(name, f.holds) {
		return false
	}
	l.now.files = append(l.now.files, *f)
	return true
}

// learn keeps what a file was decoded to, for later calls.
func (l *loader) learn(name, id string, before mark) {
	if l.options.Memo == nil {
		return
	}
	if d := l.since(name, before); d != nil {
		l.now.files = append(l.now.files, readFile{name, id, d})
	}
}

// idOf returns the id of a file or folder that was read; ok is false where it does not say what came of it.
func (l *loader) idOf(name string) (id string, ok bool) {
	if id, ok = l.ids[name]; ok {
		return id, ok
	}
	if at, found := l.now.index()[name]; found {
		return l.now.files[at].id, true
	}
	return "", false
}

// documents reads the documents in the text of a file.
func (l *loader) documents(name string, data []byte) {
	if path.Ext(name) == ".json" && !foreign.MayBeOurs(name, data) {
		l.set.Foreign++
		return
	}
	docs, syntax := l.parser.Documents(data)
	switch {
	case syntax != nil && !foreign.MayBeOurs(name, data):
		l.set.Foreign++
		if syntax.Reason == diag.AmbiguousYAML { // a tag or a key that other programs know
			return
		}
		syntax.Severity = diag.Warning
		syntax.Hint = "if it is not for syncer, list it in " + find.IgnoreFile
		l.set.Problems = append(l.set.Problems, syntax.In(name))
		return
	case syntax == nil && len(docs) > 0 && !slices.ContainsFunc(docs, foreign.IsObject):
		l.set.Foreign++
		return
	}
	for _, doc := range docs {
		l.document(name, doc, "")
	}
	if syntax != nil {
		l.unreadable(name, *syntax)
	}
}
