// SPDX-License-Identifier: Apache-2.0

package snapshot

import "io/fs"

// ChangedSince implements files.Compared for two Snapshots. Folders with the same hash are not looked at. Of trees that
// differ in more folders than a Snapshot may list entries, it knows nothing.
//
// A reader of the other Snapshot need not read this one. So what counts there towards the limits counts here too,
// and of a tree beyond them nothing is known: to read it says why.
func (s *Snapshot) ChangedSince(before fs.FS) (names []string, ok bool) {
	was, is := before.(*Snapshot)
	if !is {
		return nil, false
	}
	left := s.most.Files
	if names, ok = s.changed(nil, s.root, was, was.root, &left); !ok {
		return names, false
	}
	for _, folder := range was.listed() {
		n, err := s.find("open", folder)
		if err == nil {
			_, err = s.list(n)
		}
		if err != nil {
			return names, false
		}
	}
	return names, true
}

// listed returns the folders that count towards the limits.
func (s *Snapshot) listed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for n, l := range s.open {
		if l.listed {
			out = append(out, n.path)
		}
	}
	return out
}

// changed adds the files below a folder that are other than below the same folder of another Snapshot. left is how many
// entries may still be looked at: a tree that names another ten times, which does so too, and so on, has more paths
// than can be counted.
func (s *Snapshot) changed(
	names []string, n *node, was *Snapshot, before *node, left *int,
) (_ []string, ok bool) {
	if n.hash == before.hash {
		return names, true
	}
	now, then := s.look(n), was.look(before)
	if now.err != nil || then.err != nil || len(now.children) != len(then.children) {
		return names, false
	}
	if *left -= len(now.children); *left < 0 {
		return names, false
	}
	for i, c := range now.children {
		o := then.children[i]
		switch {
		case c == o:
			continue
		case c.name != o.name || c.mode != o.mode || c.unread != o.unread:
			return names, false
		case c.mode.IsDir():
			if names, ok = s.changed(names, c, was, o, left); !ok {
				return names, false
			}
		case c.hash == o.hash:
		case !c.mode.IsRegular():
			return names, false
		default:
			names = append(names, c.path)
		}
	}
	return names, true
}

// look returns what is in a folder. It counts towards no limit, since a folder that is not read must not matter.
func (s *Snapshot) look(n *node) *folderNode {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.load(n).folderNode
}
