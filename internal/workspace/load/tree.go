// SPDX-License-Identifier: Apache-2.0

package load

// tree are the files that a call of Load has read one by one, in their order. Most are where they were in the last one,
// so that to find one takes a comparison with the next. Only one goroutine may use it.
type tree struct {
	files []readFile
	next  int            // where the next is likely to be
	at    map[string]int // by name; nil until one is not where it is likely to be
}

// readFile is a file with what it was decoded to.
type readFile struct {
	name, id string
	holds    *decoded
}

// again returns the same tree, for another use.
func (t *tree) again() *tree {
	if t == nil {
		return nil
	}
	return &tree{files: t.files}
}

// all returns the files.
func (t *tree) all() []readFile {
	if t == nil {
		return nil
	}
	return t.files
}

// find returns the file of that name and content; nil if there is none.
func (t *tree) find(name, id string) *readFile {
	if t == nil || id == "" {
		return nil
	}
	at := t.next
	if at >= len(t.files) || t.files[at].name != name {
		var ok bool
		if at, ok = t.index()[name]; !ok {
			return nil
		}
	}
	t.next = at + 1
	if f := &t.files[at]; f.id == id {
		return f
	}
	return nil
}

// index returns the places of the files by their names.
func (t *tree) index() map[string]int {
	if t.at == nil || len(t.at) < len(t.files) {
		t.at = make(map[string]int, len(t.files))
		for i := range t.files {
			t.at[t.files[i].name] = i
		}
	}
	return t.at
}
