// SPDX-License-Identifier: Apache-2.0

package load

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/sops"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/find"
	"syncer.dev/syncer/internal/workspace/header"
)

// Options say what Load may accept.
type Options struct {
	// Namespaces that Workspaces and objects may be in; empty allows any.
	Namespaces []string
	// DefaultNamespace is that of documents that name none; "default" when empty.
	DefaultNamespace string
	// Objects are the kinds of plain objects that are accepted, as "Kind" or "Kind.group"; nil stands for DefaultObjects.
	Objects []string
	// Pods is what plain objects may ask for.
	Pods podpolicy.Policy
	// Root is the folder of the tree to read; "." when empty. Kustomizations in it may refer to all of the tree.
	Root string
	// Skip are folders of the tree that are not input, such as the one that status is written to.
	Skip []string
	// Presets is a folder of the tree with presets, which are not input either. A folder presets in Root, or in the root
	// of the tree, always counts as one.
	Presets string
	// Patterns returns patterns without any line, to read files named find.IgnoreFile with. Without it, such a file is
	// a Problem.
	Patterns func() find.Patterns
	// Open checks an encrypted Secret with the keys of the configuration. locked is why no key opens it; an error is about
	// the Secret itself, and as a rule a diag.Diagnostic. Without Open no key opens any.
	Open func(namespace string, d *sops.Document) (locked string, err error)
	// Limits bound what the tree may ask for; the zero value is the default.
	Limits Limits
	// Build builds a kustomization folder. Without it such a folder is a Problem.
	Build func(fsys fs.FS, dir string) (Built, error)
	// Memo keeps decoded files for the next call with equal Options; nil for none.
	Memo *Memo
}

// Built is the result of building a kustomization folder.
type Built struct {
	Text  []byte   // YAML documents
	Files []string // all files that the build has read; nil when that is not known
	// Notes are warnings about what had no effect, each at its place in one of Files.
	Notes []diag.Diagnostic
}

// DefaultObjects are the kinds of plain objects that Workspaces commonly refer to. Secrets come encrypted, or not at
// all.
var DefaultObjects = []string{
	"ConfigMap",
	"PersistentVolumeClaim",
	"ExternalSecret.external-secrets.io",
	"SealedSecret.bitnami.com",
}

// kindSecret is accepted only encrypted, and only if Options.Objects names it.
const kindSecret = "Secret"

// Load reads every YAML and JSON file below Root, in the order of their paths. Every fault becomes a Problem of the Set
// and costs only its own document; an error means that the tree itself cannot be read.
//
// A folder with a kustomization file is built as a whole instead of being read file by file, unless another
// kustomization of the tree uses it as a base. A file NAME.patch.yaml is the Patch of the Workspace NAME beside it. The
// folders presets, those in Skip, hidden ones and what a find.IgnoreFile lists are left alone, and so are files of
// which no document is an object of Kubernetes.
func Load(fsys fs.FS, o Options) (*workspace.Set, error) {
	if o.DefaultNamespace == "" {
		o.DefaultNamespace = "default"
	}
	if o.Objects == nil {
		o.Objects = DefaultObjects
	}
	o.Root = path.Clean(cmp.Or(o.Root, "."))
	o.Limits = o.Limits.WithDefaults()
	if set := o.again(fsys); set != nil {
		return set, nil
	}
	listed, err := find.Files(fsys, find.Options{
		Root:      o.Root,
		Skip:      o.Skip,
		Presets:   o.Presets,
		Patterns:  o.Patterns,
		Manifests: o.Limits.Manifests,
		References: func(name string, read func() []string) []string {
			return memoized(o.Memo, memoKey{whatItRefers, name, files.ID(fsys, name)}, read)
		},
		FileBytes: o.Limits.FileBytes,
	})
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	l := newLoader(fsys, o)
	l.set.Problems = append(l.set.Problems, listed.Skipped...)
	l.before, l.now = o.Memo.begin(), &tree{files: make([]readFile, 0, len(listed.Files))}
	l.set.Workspaces = make([]workspace.Workspace, 0, min(len(listed.Files), o.Limits.Workspaces)) // most hold one
	for _, dir := range listed.Folders {
		l.build(fsys, dir)
	}
	l.unlisted(fsys, listed.Beside)
	for _, name := range listed.Files {
		l.file(fsys, name)
	}
	l.patches(fsys, listed.Patches)
	l.suspendUnread(fsys, listed.Beside)
	l.refuseDuplicates()
	l.refuseDuplicateObjects()
	l.finish()
	l.set.Numbered()
	o.Memo.end(l.now, l.whole(fsys, listed))
	return l.set, nil
}

func newLoader(fsys fs.FS, o Options) *loader {
	return &loader{
		options: o,
		set:     &workspace.Set{UnreadableText: map[string]string{}, Unsized: map[string]string{}},
		built:   map[string]bool{},
		ids:     map[string]string{},
		encrypted: sops.Sources{
			Read: func(file string) ([]byte, error) { return files.Read(fsys, file, o.Limits.FileBytes) },
		},
	}
}

func missing(h header.Header) string {
	if h.APIVersion == "" {
		return "apiVersion"
	}
	return "kind"
}

// differs is a defence: the kind and namespace that a document was judged by must be those of the object that comes of
// it.
const differs = "apiVersion, kind, name and namespace must each be text, and be given once"
