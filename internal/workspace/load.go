package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/strictyaml"
)

// Options say what Load may accept.
type Options struct {
	// Namespaces that Workspaces and objects may be in; empty allows any.
	Namespaces []string
	// DefaultNamespace is that of documents that name none; "default" when empty.
	DefaultNamespace string
	// Objects are the kinds of plain objects that are accepted, as "Kind" or "Kind.group"; nil stands for DefaultObjects.
	Objects []string
	// Skip are folders (relative to the root) that are not input, such as the one that status is written to.
	Skip []string
	// Build builds a kustomization folder into YAML. Without it such a folder is a Problem.
	Build func(fsys fs.FS, dir string) ([]byte, error)
}

// DefaultObjects are the kinds of plain objects that Workspaces commonly refer to. Secrets come encrypted, or not at all.
var DefaultObjects = []string{"ConfigMap", "PersistentVolumeClaim", "ExternalSecret.external-secrets.io", "SealedSecret.bitnami.com"}

// Load reads every YAML file of a tree, in the order of their paths. Whatever is wrong becomes a Problem of the Set and
// costs only the document it is in; an error means that the tree itself cannot be read.
//
// A folder with a kustomization file is built as a whole instead of being read file by file, unless another kustomization
// of the tree uses it as a base. A file NAME.patch.yaml is the Patch of the Workspace NAME beside it. The folders presets, those in Skip, and hidden ones are left alone.
func Load(fsys fs.FS, o Options) (*Set, error) {
	if o.DefaultNamespace == "" {
		o.DefaultNamespace = "default"
	}
	if o.Objects == nil {
		o.Objects = DefaultObjects
	}
	files, patches, folders, err := find(fsys, o)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	l := &loader{options: o, set: &Set{brokenText: map[string]string{}, unsized: map[string]string{}}, built: map[string]bool{}}
	for _, dir := range folders {
		l.build(fsys, dir)
	}
	for _, name := range files {
		l.file(fsys, name)
	}
	l.patches(fsys, patches)
	l.refuseDuplicates()
	l.finish()
	return l.set, nil
}

type loader struct {
	options Options
	set     *Set
	text    string          // of the file that is being read
	built   map[string]bool // kustomization folders
}

// broken notes that a file or folder could not be read to its end.
func (l *loader) broken(name string, p Problem) {
	p.Path, p.Severity = name, Error
	p.Line, p.Column = max(p.Line, 1), max(p.Column, 1)
	l.set.Problems = append(l.set.Problems, p)
	l.remember(name)
}

// remember adds a file or folder to those that could not be read to their end, with what could be read of it.
func (l *loader) remember(name string) {
	if slices.Contains(l.set.Broken, name) {
		return
	}
	l.set.Broken = append(l.set.Broken, name)
	if l.text != "" {
		l.set.brokenText[name] = l.text
	}
}

func (l *loader) file(fsys fs.FS, name string) {
	l.set.Files++
	l.text = ""
	data, err := readFile(fsys, name, maxFileSize)
	l.text = string(data)
	if err != nil {
		l.broken(name, Problem{Message: err.Error()})
		return
	}
	docs, syntax := strictyaml.Documents(data)
	for _, doc := range docs {
		l.document(name, doc, "")
	}
	if syntax != nil {
		l.broken(name, Problem{Line: syntax.Line, Column: syntax.Column, Message: syntax.Message, Hint: syntax.Hint})
	}
}

// locatedError is an error of Options.Build that knows where in the tree it is.
type locatedError interface{ Place() Problem }

// build reads the output of a kustomization folder. Positions in the output mean nothing to its author, so everything is
// reported at the folder, with the name of the object.
func (l *loader) build(fsys fs.FS, dir string) {
	l.set.Files++
	l.text, l.built[dir] = "", true
	if l.options.Build == nil {
		l.broken(dir, Problem{Message: "kustomization folders are not supported here"})
		return
	}
	out, err := l.options.Build(fsys, dir)
	var at locatedError
	if errors.As(err, &at) {
		p := at.Place()
		p.Line, p.Column, p.Severity = max(p.Line, 1), max(p.Column, 1), Error
		l.set.Problems = append(l.set.Problems, p)
		l.remember(dir)
		return
	}
	if err != nil {
		l.broken(dir, Problem{Message: err.Error()})
		return
	}
	docs, syntax := strictyaml.Documents(out)
	if syntax != nil {
		l.broken(dir, Problem{Message: "the output of kustomize is not YAML: " + syntax.Message})
	}
	for _, doc := range docs {
		h := headerOf(doc)
		l.document(dir, doc, h.Kind+"/"+h.Name+": ")
	}
}

// document sorts a document by its kind. prefix is not empty for the output of a kustomization.
func (l *loader) document(name string, n *yaml.Node, prefix string) {
	at := Position{Path: name, Line: n.Line, Column: n.Column}
	if prefix != "" {
		at.Line, at.Column = 1, 1
	}
	h := headerOf(n)
	problem := func(field, message, hint string) {
		l.set.Problems = append(l.set.Problems, Problem{
			Path: name, Line: at.Line, Column: at.Column, Field: field, Message: prefix + message, Hint: hint, Severity: Error,
		})
	}
	group, _, _ := strings.Cut(h.APIVersion, "/")
	switch {
	case n.Kind != yaml.MappingNode:
		l.broken(name, Problem{Line: at.Line, Column: at.Column, Message: prefix + "a document must be a mapping with apiVersion, kind and metadata"})
	case group == "syncer.dev":
		// syncer's own configuration lies beside the Workspaces in many repositories
	case h.Kind == "" || h.APIVersion == "":
		l.broken(name, Problem{Line: at.Line, Column: at.Column, Field: missing(h), Message: prefix + "not given", Hint: "a Workspace starts with apiVersion: " + V1beta1 + " and kind: Workspace"})
	case group == "kaito.sh" && h.Kind == "Workspace":
		l.workspace(at, n, h, prefix)
	case group == "kaito.sh" && h.Kind == "InferenceSet":
		l.inferenceSet(at, n, h, prefix)
	case h.APIVersion == "v1" && h.Kind == "Node":
		l.node(at, n, h, problem)
	case group == "kaito.sh" && slices.Contains(otherKinds, h.Kind):
		problem("kind", fmt.Sprintf("kind %s is not supported", h.Kind), "write a Workspace for each model")
	case group == "kaito.sh":
		l.broken(name, Problem{Line: at.Line, Column: at.Column, Field: "kind", Message: prefix + fmt.Sprintf("kind %s is not known", h.Kind), Hint: "use kind: Workspace"})
	case h.APIVersion == "v1" && h.Kind == "List":
		l.broken(name, Problem{Line: at.Line, Column: at.Column, Field: "kind", Message: prefix + "a List is not read", Hint: "write each item as a document of its own, separated by ---"})
	case strings.EqualFold(h.Kind, "Workspace"):
		l.broken(name, Problem{Line: at.Line, Column: at.Column, Field: "apiVersion", Message: prefix + fmt.Sprintf("apiVersion %q has no kind %s", h.APIVersion, h.Kind), Hint: "use " + V1beta1 + " or " + V1alpha1 + ", and kind: Workspace"})
	default:
		l.object(at, n, h, problem)
	}
}

// otherKinds are KAITO's kinds that syncer does not act on. Any other is most likely a Workspace that is misspelt.
var otherKinds = []string{"MultiRoleInference", "RAGEngine"}

func missing(h header) string {
	if h.APIVersion == "" {
		return "apiVersion"
	}
	return "kind"
}

// object keeps a plain object of an allowed kind.
func (l *loader) object(at Position, n *yaml.Node, h header, problem func(field, message, hint string)) {
	group, _, grouped := strings.Cut(h.APIVersion, "/")
	kind := h.Kind
	if grouped {
		kind += "." + group
	}
	if kind == "Secret" && !slices.Contains(l.options.Objects, kind) {
		problem("kind", "a Secret does not belong into Git", "create it in the cluster, or use an ExternalSecret or a SealedSecret")
		return
	}
	if !slices.Contains(l.options.Objects, kind) {
		l.otherKind(kind, problem)
		return
	}
	content, errs := strictyaml.Map(n)
	for _, e := range errs {
		l.problemAt(e, problem)
		l.remember(at.Path) // a live object must not be taken for removed
	}
	meta, _ := content["metadata"].(map[string]any)
	switch {
	case len(errs) > 0:
		return
	case h.Name == "":
		problem("metadata.name", "not given", "")
		return
	case h.Namespace == "":
		meta["namespace"] = l.options.DefaultNamespace
	case !l.allowed(h.Namespace):
		problem("metadata.namespace", l.refusal(h.Namespace), "")
		return
	}
	l.set.Objects = append(l.set.Objects, Object{Content: content, Source: at})
}

// problemAt reports an error at its place, rather than at the start of the document; in the output of a kustomization there is none.
func (l *loader) problemAt(e strictyaml.Error, problem func(field, message, hint string)) {
	problem(e.Field, e.Message, e.Hint)
	if last := &l.set.Problems[len(l.set.Problems)-1]; l.text != "" {
		last.Line, last.Column = e.Line, e.Column
	}
}

// otherKind tells about an object of a kind that is not accepted. Repositories hold much that is not for syncer, so it is a
// warning, unless the kind looks like a misspelling of one that is.
func (l *loader) otherKind(kind string, problem func(field, message, hint string)) {
	hint := "accepted besides Workspace and InferenceSet: " + strings.Join(l.options.Objects, ", ") + " (configuration: objects)"
	if meant := strictyaml.Suggest(kind, l.options.Objects); meant != "" {
		problem("kind", fmt.Sprintf("kind %s is not accepted", kind), fmt.Sprintf("did you mean %q?", meant))
		return
	}
	problem("kind", fmt.Sprintf("kind %s is not accepted, and is left alone", kind), hint)
	l.set.Problems[len(l.set.Problems)-1].Severity = Warning
}

// node keeps a Node, as a fact to check against.
func (l *loader) node(at Position, n *yaml.Node, h header, problem func(field, message, hint string)) {
	content, errs := strictyaml.Map(n)
	for _, e := range errs {
		l.problemAt(e, problem)
	}
	if len(errs) == 0 {
		node := nodeOf(content)
		node.Source = at
		l.set.Nodes = append(l.set.Nodes, node)
	}
}

// nodeOf returns what matters of a Node object.
func nodeOf(o map[string]any) Node {
	meta, _ := o["metadata"].(map[string]any)
	n := Node{Labels: texts(meta["labels"])}
	n.Name, _ = meta["name"].(string)
	return n
}

func (l *loader) allowed(namespace string) bool {
	return len(l.options.Namespaces) == 0 || slices.Contains(l.options.Namespaces, namespace)
}

func (l *loader) refusal(namespace string) string {
	return fmt.Sprintf("namespace %q is not allowed; allowed: %s (configuration: namespaces)", namespace, strings.Join(l.options.Namespaces, ", "))
}
