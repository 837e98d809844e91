// SPDX-License-Identifier: Apache-2.0

package load

import (
	"maps"
	"sync"
	"sync/atomic"

	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/kept"
)

// Memo keeps what files and kustomization folders were decoded to, by their path and content, for several calls of
// Load: most are the same in the next revision, or on the other side of a comparison. What comes of a file that is the
// same is the same too: the pointers of its Workspaces and the Content of its objects. It is for one set of Options,
// and safe for concurrent use.
//
// Encrypted Secrets are left out: whether they open depends on keys, which may be rotated.
type Memo struct {
	values        kept.Values
	files, builds atomic.Int64

	mu     sync.Mutex
	beside any // what else the caller keeps
}

// Stats count what a Memo could not answer.
type Stats struct {
	Files  int // that were decoded
	Builds int // of kustomization folders
}

// memoKey identifies a file by what is asked about it, its path, since positions have it, and its content.
type memoKey struct {
	question question
	path, id string
}

// question says what a Memo is asked about a file.
type question byte

const (
	whatItHolds   question = iota // decoded
	whatItBuilds                  // builtFolder
	whatItRefers                  // []string, of a kustomization
	whatIsBeside                  // []diag.Diagnostic, of a file that no kustomization lists
	whatItPatches                 // patchFile
)

// NewMemo returns an empty Memo.
func NewMemo() *Memo { return &Memo{} }

// Stats returns the counts so far.
func (m *Memo) Stats() Stats { return Stats{Files: int(m.files.Load()), Builds: int(m.builds.Load())} }

// Beside returns what else is kept of trees that are read with these Options: what create returned the first time.
func (m *Memo) Beside(create func() any) any {
	if m == nil {
		return create()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.beside == nil {
		m.beside = create()
	}
	return m.beside
}

// begin starts a call of Load.
func (m *Memo) begin() {
	if m != nil {
		m.values.Begin()
	}
}

// remember returns what m keeps about a file, or the zero value.
func remember[T any](m *Memo, key memoKey) (value T, ok bool) {
	if m == nil || key.id == "" {
		return value, false
	}
	return kept.Get[T](&m.values, key)
}

// memoized returns what m keeps, or what read makes.
func memoized[T any](m *Memo, key memoKey, read func() T) T {
	value, ok := remember[T](m, key)
	if !ok {
		value = read()
		m.put(key, value)
	}
	return value
}

func (m *Memo) put(key memoKey, value any) {
	if m != nil && key.id != "" {
		m.values.Put(key, value)
	}
}

// decoded is what one file or folder adds to a Set, and to what is used of the limits.
type decoded struct {
	set   workspace.Set // what it adds
	text  *string       // of an unreadable file
	spent spent
}

// mark is where a loader stands before a file.
type mark struct {
	set   workspace.Set
	spent spent
}

func (l *loader) mark() mark {
	l.keyed = false
	return mark{*l.set, l.spent}
}

// since returns what a file has added since the mark, and makes the Set share it. It returns nil if the limits have
// ended the reading, and for what depends on keys.
func (l *loader) since(name string, m mark) *decoded {
	s := l.set
	if l.spent.full || l.keyed {
		return nil
	}
	d := &decoded{spent: l.spent}
	d.spent.workspaces -= m.spent.workspaces
	d.spent.objects -= m.spent.objects
	d.spent.values -= m.spent.values
	d.spent.bytes -= m.spent.bytes
	d.set.Workspaces = append(d.set.Workspaces, s.Workspaces[len(m.set.Workspaces):]...)
	d.set.InferenceSets = append(d.set.InferenceSets, s.InferenceSets[len(m.set.InferenceSets):]...)
	d.set.Nodes = append(d.set.Nodes, s.Nodes[len(m.set.Nodes):]...)
	d.set.Objects = append(d.set.Objects, s.Objects[len(m.set.Objects):]...)
	d.set.Suspensions = append(d.set.Suspensions, s.Suspensions[len(m.set.Suspensions):]...)
	d.set.Problems = append(d.set.Problems, s.Problems[len(m.set.Problems):]...)
	d.set.Foreign = s.Foreign - m.set.Foreign
	if len(s.Unreadable) > len(m.set.Unreadable) {
		d.set.Unreadable = append(d.set.Unreadable, s.Unreadable[len(m.set.Unreadable):]...)
		if text, ok := s.UnreadableText[name]; ok {
			d.text = &text
		}
	}
	d.set.Unsized = maps.Clone(s.Unsized)
	maps.DeleteFunc(d.set.Unsized, func(_, at string) bool { return at != name })
	s.Workspaces = d.addTo(s.Workspaces[:len(m.set.Workspaces)])
	return d
}

// replay adds what a file was decoded to. It reports whether the limits have room for all of it; if not, it adds
// nothing, and decoding the file says which document is one too many.
func (l *loader) replay(name string, d *decoded) bool {
	sum, most := l.spent, l.options.Limits
	sum.workspaces += d.spent.workspaces
	sum.objects += d.spent.objects
	sum.values += d.spent.values
	sum.bytes += d.spent.bytes
	if sum.workspaces > most.Workspaces || sum.objects > most.Objects || sum.values > most.Values ||
		int64(sum.bytes) > most.Bytes {
		return false
	}
	l.spent = sum
	s := l.set
	s.Workspaces = d.addTo(s.Workspaces)
	s.InferenceSets = append(s.InferenceSets, d.set.InferenceSets...)
	s.Nodes = append(s.Nodes, d.set.Nodes...)
	s.Objects = append(s.Objects, d.set.Objects...)
	s.Suspensions = append(s.Suspensions, d.set.Suspensions...)
	s.Problems = append(s.Problems, d.set.Problems...)
	s.Foreign += d.set.Foreign
	s.Unreadable = append(s.Unreadable, d.set.Unreadable...)
	if d.text != nil {
		s.UnreadableText[name] = *d.text
	}
	maps.Copy(s.Unsized, d.set.Unsized)
	return true
}

// addTo appends copies of the Workspaces, which know what they are copies of.
func (d *decoded) addTo(all []workspace.Workspace) []workspace.Workspace {
	for i := range d.set.Workspaces {
		w := copied(d.set.Workspaces[i])
		w.Origin = &d.set.Workspaces[i]
		all = append(all, w)
	}
	return all
}

// copied returns a copy of a Workspace in which finish may change what it changes: the names of ConfigMaps. All else is
// shared, and read only.
func copied(w workspace.Workspace) workspace.Workspace {
	if w.Inference != nil {
		in := *w.Inference
		w.Inference = &in
	}
	if w.Tuning != nil {
		t := *w.Tuning
		w.Tuning = &t
	}
	return w
}
