// SPDX-License-Identifier: Apache-2.0

package load

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace/find"
	"syncer.dev/syncer/internal/workspace/header"
	"syncer.dev/syncer/internal/workspace/suspension"
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
	key := memoKey(name, l.text)
	if d := l.options.Memo.get(key); d != nil && l.replay(d) {
		return
	}
	before := l.mark()
	l.documents(name, data)
	if d := l.since(before); d != nil {
		l.options.Memo.put(key, d)
	}
}

// documents reads the documents in the text of a file.
func (l *loader) documents(name string, data []byte) {
	if !mayBeOurs(name, data) && path.Ext(name) == ".json" {
		l.set.Foreign++
		return
	}
	docs, syntax := strictyaml.Documents(data)
	switch {
	case syntax != nil && !mayBeOurs(name, data):
		l.set.Foreign++
		if syntax.Reason == diag.AmbiguousYAML { // a tag or a key that other programs know
			return
		}
		syntax.Severity = diag.Warning
		syntax.Hint = "if it is not for syncer, list it in " + find.IgnoreFile
		l.set.Problems = append(l.set.Problems, syntax.In(name))
		return
	case syntax == nil && len(docs) > 0 && !slices.ContainsFunc(docs, isObject):
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

// mentions matches what objects of Kubernetes have, whether in block or in flow style.
var mentions = regexp.MustCompile(
	`(apiVersion|kind|metadata)["']?\s*:|` + regexp.QuoteMeta(wellknown.PrefixKAITO),
)

// mayBeOurs decides about a file that cannot be parsed, or need not be: it may be one for syncer unless its text has
// none of the fields of an object. A pointer of Git LFS stands for any content, and so do texts in other encodings.
func mayBeOurs(name string, data []byte) bool {
	if path.Ext(name) == ".json" {
		return bytes.Contains(data, []byte(`"apiVersion"`)) && bytes.Contains(data, []byte(`"kind"`))
	}
	return strictyaml.IsPointer(data) || bytes.IndexByte(data, 0) >= 0 || mentions.Match(data)
}

// isObject reports whether a document is, or is meant to be, an object of Kubernetes. Configuration of other programs
// lacks apiVersion or kind. A Workspace may lack them by mistake: then it has a name in metadata, a model, or a field
// that is almost one of an object.
func isObject(doc *yaml.Node) bool {
	switch doc.Kind {
	case yaml.SequenceNode:
		return slices.ContainsFunc(strictyaml.Items(doc), func(item *yaml.Node) bool {
			return strictyaml.Field(item, "apiVersion") != nil && strictyaml.Field(item, "kind") != nil
		})
	case yaml.MappingNode:
	default:
		return true // a text or a number is no configuration at all
	}
	h := header.Of(doc)
	if h.APIVersion != "" && h.Kind != "" || h.Name != "" || slices.Contains(kinds, h.Kind) {
		return true
	}
	for key, value := range strictyaml.Pairs(doc) {
		kaito := strings.HasPrefix(strictyaml.Text(value), wellknown.PrefixKAITO)
		if kaito || modelIn(key.Value, value) || misspelt(key.Value) {
			return true
		}
	}
	return false
}

// kinds are those that only KAITO and syncer have.
var kinds = []string{"Workspace", "InferenceSet", suspension.Kind}

// modelIn reports whether a field is the part of a Workspace that names a model.
func modelIn(field string, value *yaml.Node) bool {
	return (field == "inference" || field == "tuning") &&
		(strictyaml.Field(value, "preset") != nil || strictyaml.Field(value, "template") != nil)
}

// misspelt reports whether a field is almost one of those that every object has. Shorter ones are words of their own,
// such as api, meta and version.
func misspelt(field string) bool {
	const least = 6
	lower := strings.ToLower(field)
	return len(field) >= least && (strings.HasPrefix(lower, "api") || strings.HasPrefix(lower, "met")) &&
		strictyaml.Suggest(field, []string{"apiVersion", "metadata"}) != "" && field != "apiVersion" && field != "metadata"
}
