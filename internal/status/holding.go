// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"slices"
)

// digest identifies the content of a file: half of its SHA-256.
type digest [sha256.Size / 2]byte

func digestOf(data []byte) digest {
	sum := sha256.Sum256(data)
	return digest(sum[:len(digest{})])
}

// holding is what a folder holds on the status branch, as far as its writer knows.
type holding struct {
	files    map[string]digest // by path; nil: unknown
	capacity []byte            // CapacityFile, which is read back
}

// set notes the content of a file; nil if there is none.
func (h *holding) set(name string, data []byte) {
	if name == CapacityFile {
		h.capacity = bytes.Clone(data)
	}
	if data == nil {
		delete(h.files, name)
		return
	}
	h.files[name] = digestOf(data)
}

// Known reports whether the Folder knows what it holds.
func (f *Folder) Known() bool { return f.holds.files != nil }

// Forget makes the Folder not know what it holds.
func (f *Folder) Forget() { f.holds = holding{} }

// Capacity returns capacity.yaml as the folder holds it.
func (f *Folder) Capacity() []byte { return f.holds.capacity }

// Holds takes over what the folder holds.
func (f *Folder) Holds(files map[string][]byte) {
	f.holds, f.differ = holding{files: make(map[string]digest, len(files))}, map[string][]byte{}
	for name, data := range files {
		if f.owns(name) {
			f.holds.set(name, data)
		}
	}
	wanted := make(map[string]bool, len(f.shown)+len(f.rest))
	for i := range f.shown {
		if is := &f.shown[i]; !is.bad {
			name := FileName(is.report.Key)
			if wanted[name] = true; f.holds.files[name] != is.digest {
				f.wants(name, is.report.YAML())
			}
		}
	}
	for name, data := range f.rest {
		wanted[name] = true
		f.wants(name, data)
	}
	for name := range f.holds.files {
		if !wanted[name] {
			f.drops(name)
		}
	}
}

// Others lists the paths of the files that are not what the folder is known to hold.
func (f *Folder) Others(files map[string][]byte) []string {
	var out []string
	for name, data := range files {
		if was, held := f.holds.files[name]; f.owns(name) && (!held || was != digestOf(data)) {
			out = append(out, name)
		}
	}
	for name := range f.holds.files {
		if _, exists := files[name]; !exists {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Differ returns the files that the folder is to hold and does not, by path; nil for each that it is not to hold.
func (f *Folder) Differ() map[string][]byte { return f.differ }

// Changed lists the paths of the files that differ.
func (f *Folder) Changed() []string { return slices.Sorted(maps.Keys(f.differ)) }

// All makes all files that the folder is to hold.
func (f *Folder) All() map[string][]byte {
	out := make(map[string][]byte, len(f.shown)+len(f.rest))
	for i := range f.shown {
		if is := &f.shown[i]; !is.bad {
			if name := FileName(is.report.Key); f.owns(name) {
				out[name] = is.report.YAML()
			}
		}
	}
	for name, data := range f.rest {
		if f.owns(name) {
			out[name] = data
		}
	}
	return out
}

// Recorded says that the folder holds now what it is to hold.
func (f *Folder) Recorded() {
	for name, data := range f.differ {
		f.holds.set(name, data)
	}
	f.differ = map[string][]byte{}
}

func (f *Folder) owns(name string) bool { return f.Owns == nil || f.Owns(name) }

// wants says that the folder is to hold a file.
func (f *Folder) wants(name string, data []byte) {
	if !f.owns(name) {
		return
	}
	if was, held := f.holds.files[name]; held && was == digestOf(data) {
		delete(f.differ, name)
		return
	}
	if f.differ == nil {
		f.differ = map[string][]byte{}
	}
	f.differ[name] = data
}

// drops says that the folder is not to hold a file.
func (f *Folder) drops(name string) {
	delete(f.differ, name)
	if _, held := f.holds.files[name]; held {
		f.differ[name] = nil
	}
}
