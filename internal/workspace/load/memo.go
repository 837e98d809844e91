// SPDX-License-Identifier: Apache-2.0

package load

import (
	"sync"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Memo keeps what files were decoded to, by their path and content, for several calls of Load: most files are the same
// in the next revision, or on the other side of a comparison. It keeps files that hold nothing but readable
// Workspaces; all others are few, and decoded each time. It is for one set of Options, and safe for concurrent use.
type Memo struct {
	mu    sync.Mutex
	files map[string]*decoded
	round int // calls of Load
}

// decoded is what one file adds to a Set, and to what is used of the limits.
type decoded struct {
	workspaces []workspace.Workspace
	problems   []diag.Diagnostic
	spent      spent
	round      int // the last call of Load that asked for it
}

// keptRounds is the number of calls of Load for which a Memo keeps a file that none of them has.
const keptRounds = 8

// NewMemo returns an empty Memo.
func NewMemo() *Memo { return &Memo{files: map[string]*decoded{}} }

// begin starts a call of Load.
func (m *Memo) begin() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.round++
	for key, d := range m.files {
		if d.round < m.round-keptRounds {
			delete(m.files, key)
		}
	}
}

func (m *Memo) get(key string) *decoded {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.files[key]
	if d != nil {
		d.round = m.round
	}
	return d
}

func (m *Memo) put(key string, d *decoded) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	d.round = m.round
	m.files[key] = d
}

// memoKey identifies a file by its path, since positions have it, and its content.
func memoKey(name, text string) string { return name + "\x00" + text }

// mark is where a loader stands before a file.
type mark struct {
	set   workspace.Set
	spent spent
}

func (l *loader) mark() mark { return mark{*l.set, l.spent} }

// since returns what a file has added since the mark. It returns nil if that is more than Workspaces, and if the limits
// have ended the reading.
func (l *loader) since(m mark) *decoded {
	s := l.set
	if l.spent.full || s.Foreign != m.set.Foreign ||
		len(s.Workspaces) == len(m.set.Workspaces) ||
		len(s.InferenceSets) != len(m.set.InferenceSets) ||
		len(s.Nodes) != len(m.set.Nodes) ||
		len(s.Objects) != len(m.set.Objects) ||
		len(s.Suspensions) != len(m.set.Suspensions) ||
		len(s.Unreadable) != len(m.set.Unreadable) {
		return nil
	}
	d := &decoded{problems: append([]diag.Diagnostic(nil), s.Problems[len(m.set.Problems):]...), spent: l.spent}
	d.spent.workspaces -= m.spent.workspaces
	d.spent.objects -= m.spent.objects
	d.spent.values -= m.spent.values
	d.spent.bytes -= m.spent.bytes
	for i := len(m.set.Workspaces); i < len(s.Workspaces); i++ {
		w := &s.Workspaces[i]
		if configName(w) == "" {
			w.Digest = digest(w, nil)
		}
		d.workspaces = append(d.workspaces, copied(*w))
	}
	return d
}

// replay adds what a file was decoded to. It reports whether the limits have room for all of it; if not, it adds
// nothing, and decoding the file says which document is one too many.
func (l *loader) replay(d *decoded) bool {
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
	l.set.Problems = append(l.set.Problems, d.problems...)
	for _, w := range d.workspaces {
		l.set.Workspaces = append(l.set.Workspaces, copied(w))
	}
	return true
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
