// SPDX-License-Identifier: Apache-2.0

package load

import (
	"maps"
	"slices"
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
	values                kept.Values
	files, builds, agains atomic.Int64

	mu     sync.Mutex
	last   *tree  // that was read; values has what only trees before it had
	whole  *whole // of last; nil where more than the content of files decides
	beside any    // what else the caller keeps
}

// Stats count what a Memo could not answer.
type Stats struct {
	Files  int // that were decoded
	Builds int // of kustomization folders
	Again  int // calls that took all but some Workspaces from the last Set
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
func (m *Memo) Stats() Stats {
	return Stats{Files: int(m.files.Load()), Builds: int(m.builds.Load()), Again: int(m.agains.Load())}
}

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

// begin starts a call of Load, and returns the last tree.
func (m *Memo) begin() *tree {
	if m == nil {
		return nil
	}
	m.values.Begin()
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last.again()
}

// end makes a tree the last one. What only the one before it had stays among the values, for some calls.
func (m *Memo) end(now *tree, as *whole) {
	if m == nil {
		return
	}
	m.mu.Lock()
	was := m.last.again()
	m.last, m.whole = &tree{files: now.files}, as
	m.mu.Unlock()
	now = now.again()
	for _, f := range was.all() {
		if still := now.find(f.name, f.id); still == nil || still.holds != f.holds {
			m.put(memoKey{whatItHolds, f.name, f.id}, f.holds)
		}
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

// decoded is what one file or folder adds to a Set, and to what is used of the limits. Most files hold one Workspace,
// and nothing else.
type decoded struct {
	workspaces []workspace.Workspace
	rest       *workspace.Set // what else it adds; nil for nothing
	text       *string        // of an unreadable file
	spent      spent
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
	d.workspaces = slices.Clone(s.Workspaces[len(m.set.Workspaces):])
	d.rest = m.others(s, name)
	if len(s.Unreadable) > len(m.set.Unreadable) {
		if text, ok := s.UnreadableText[name]; ok {
			d.text = &text
		}
	}
	s.Workspaces = d.addTo(s.Workspaces[:len(m.set.Workspaces)])
	return d
}

// others returns what a file has added to a Set since the mark, beside Workspaces, or nil.
func (m mark) others(s *workspace.Set, name string) *workspace.Set {
	out := workspace.Set{
		InferenceSets: s.InferenceSets[len(m.set.InferenceSets):],
		Nodes:         s.Nodes[len(m.set.Nodes):],
		Objects:       s.Objects[len(m.set.Objects):],
		Suspensions:   s.Suspensions[len(m.set.Suspensions):],
		Problems:      s.Problems[len(m.set.Problems):],
		Unreadable:    s.Unreadable[len(m.set.Unreadable):],
		Foreign:       s.Foreign - m.set.Foreign,
	}
	for base, at := range s.Unsized {
		if at == name {
			if out.Unsized == nil {
				out.Unsized = map[string]string{}
			}
			out.Unsized[base] = at
		}
	}
	if len(out.InferenceSets)+len(out.Nodes)+len(out.Objects)+len(out.Suspensions)+len(out.Problems)+
		len(out.Unreadable)+len(out.Unsized)+out.Foreign == 0 {
		return nil
	}
	// What the loader appends later, and what it finishes, must not show.
	out.InferenceSets, out.Nodes = slices.Clone(out.InferenceSets), slices.Clone(out.Nodes)
	out.Objects, out.Suspensions = slices.Clone(out.Objects), slices.Clone(out.Suspensions)
	out.Problems, out.Unreadable = slices.Clone(out.Problems), slices.Clone(out.Unreadable)
	return &out
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
	if d.text != nil {
		s.UnreadableText[name] = *d.text
	}
	if d.rest == nil {
		return true
	}
	s.InferenceSets = append(s.InferenceSets, d.rest.InferenceSets...)
	s.Nodes = append(s.Nodes, d.rest.Nodes...)
	s.Objects = append(s.Objects, d.rest.Objects...)
	s.Suspensions = append(s.Suspensions, d.rest.Suspensions...)
	s.Problems = append(s.Problems, d.rest.Problems...)
	s.Foreign += d.rest.Foreign
	s.Unreadable = append(s.Unreadable, d.rest.Unreadable...)
	maps.Copy(s.Unsized, d.rest.Unsized)
	return true
}

// addTo appends copies of the Workspaces, which know what they are copies of.
func (d *decoded) addTo(all []workspace.Workspace) []workspace.Workspace {
	for i := range d.workspaces {
		w := d.workspaces[i]
		w.Origin = &d.workspaces[i]
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

// lastWhole returns the last tree with what came of it; nil where the next one is to be read from nothing.
func (m *Memo) lastWhole() *whole {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.whole
}

// follow makes a tree the last one that has some files in place of others. Another call may have ended meanwhile.
func (m *Memo) follow(now, was *whole) {
	m.agains.Add(1)
	m.mu.Lock()
	m.last, m.whole = &tree{files: now.files}, now
	m.mu.Unlock()
	for i := range was.files {
		if f := &was.files[i]; f.holds != now.files[i].holds {
			m.put(memoKey{whatItHolds, f.name, f.id}, f.holds)
		}
	}
}
