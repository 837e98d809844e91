// SPDX-License-Identifier: Apache-2.0

package wire

// lent are the maps and lists of an object that is looked at, and then forgotten. The next object is made of them: what
// a list of many objects allocates is otherwise mostly maps. What objects share is never lent.
type lent struct {
	on    bool
	maps  [2][]map[string]any // small ones and others: those that are in use come first
	used  [2]int
	items []any // of the lists
}

const (
	smallMap = 8 // fields; a larger map has another form in memory
	mostLent = 64
	maxMaps  = 256 // of an object; more are made as before
	maxItems = 4096
)

// object returns an empty map for so many fields.
func (l *lent) object(fields int) map[string]any {
	if !l.on || fields > mostLent {
		return make(map[string]any, fields)
	}
	class, room := 0, smallMap
	if fields > smallMap {
		class, room = 1, fields
	}
	all, n := l.maps[class], l.used[class]
	if n == len(all) {
		if n == maxMaps {
			return make(map[string]any, fields)
		}
		l.maps[class] = append(all, make(map[string]any, room))
	}
	l.used[class]++
	return l.maps[class][n]
}

// list returns a copy of the items of a list.
func (l *lent) list(items []any) []any {
	n := len(l.items)
	if !l.on || n+len(items) > maxItems {
		return append(make([]any, 0, len(items)), items...)
	}
	if l.items == nil {
		l.items = make([]any, 0, maxItems)
	}
	l.items = append(l.items, items...)
	return l.items[n:len(l.items):len(l.items)]
}

// back takes all back: nothing of the object that was made of them may be looked at any more.
func (l *lent) back() {
	for class, n := range l.used {
		for _, m := range l.maps[class][:n] {
			clear(m)
		}
		l.used[class] = 0
	}
	clear(l.items)
	l.items = l.items[:0]
}
