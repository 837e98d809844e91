// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/status/holding"
	"syncer.dev/syncer/internal/workspace"
)

// TestFolder plays random sequences: Workspaces come, change and go, the status is recorded now and then, others change
// it, and it is read again. What differs is always exactly what is missing from the files that a Folder makes from
// nothing, and once it is recorded nothing is missing.
func TestFolder(t *testing.T) {
	for seed := range uint64(12) {
		h := newHistory(seed)
		for step := range 60 {
			h.step()
			if text := h.wrong(); text != "" {
				t.Fatalf("seed %d, step %d: %s", seed, step, text)
			}
		}
	}
}

// history is a Folder with a branch.
type history struct {
	rng     *rand.Rand
	folder  Folder
	summary Summary
	branch  map[string][]byte
	known   map[string][]byte // what the Folder was told of the branch
}

func newHistory(seed uint64) *history {
	h := &history{rng: rand.New(rand.NewPCG(seed, 1)), branch: map[string][]byte{}}
	h.summary = Summary{Cluster: "demo"}
	if h.rng.IntN(3) == 0 { // one of several writers
		h.folder.Owns = func(name string) bool { return !strings.HasPrefix(name, "b/") && name != CapacityFile }
	}
	h.read()
	return h
}

func (h *history) read() {
	h.folder.Holds(h.branch)
	h.known = maps.Clone(h.branch)
}

func (h *history) step() {
	for range h.rng.IntN(3) {
		h.changeReport()
	}
	switch h.rng.IntN(8) {
	case 0: // it is recorded
		for name, data := range h.folder.Differ() {
			if h.branch[name] = data; data == nil {
				delete(h.branch, name)
			}
		}
		h.folder.Recorded()
		h.known = maps.Clone(h.branch)
	case 1: // others change it
		h.forge()
		h.read()
	case 2:
		h.summary.Warnings = append(slices.Clone(h.summary.Warnings), "w")
	case 3:
		h.summary.Objects = h.summary.Objects[:0:0]
		if h.rng.IntN(2) == 0 {
			h.summary.Objects = []Object{{Name: "Secret/x", Message: fmt.Sprint(h.rng.IntN(3))}}
		}
	case 4: // as a process that starts
		h.folder = Folder{Holding: holding.Holding{Owns: h.folder.Owns}}
		h.read()
	}
	h.folder.Update(h.summary)
}

// changeReport changes, adds or removes one Report. Reports never change: there is another one in its place.
func (h *history) changeReport() {
	reports := slices.Clone(h.summary.Reports)
	key := workspace.Key{Namespace: string('a' + rune(h.rng.IntN(3))), Name: fmt.Sprint("m-", h.rng.IntN(6))}
	if h.rng.IntN(12) == 0 {
		key.Name = "No Name"
	}
	at, exists := Find(reports, key)
	next := Report{Key: key, State: Pending, FirstSeen: t0}
	if exists {
		next = *reports[at]
	}
	switch h.rng.IntN(6) {
	case 0:
		if exists {
			h.summary.Reports = slices.Delete(reports, at, at+1)
		}
		return
	case 1:
		next.State = []State{Pending, Ready, NotReady, Failed}[h.rng.IntN(4)]
	case 2:
		next.HourlyCost = []string{"", "1.25", "unknown"}[h.rng.IntN(3)]
	case 3:
		next.Conditions = []Condition{{Type: Applied, Status: "False", Message: fmt.Sprint(h.rng.IntN(3))}}
	case 4:
		next.FirstSeen = t0.Add(time.Duration(h.rng.IntN(2)) * time.Hour)
	} // or it is equal to the one before
	if exists {
		reports[at] = &next
	} else {
		reports = slices.Insert(reports, at, &next)
	}
	h.summary.Reports = reports
}

// forge changes the branch as another client.
func (h *history) forge() {
	names := slices.Sorted(maps.Keys(h.branch))
	if len(names) == 0 || h.rng.IntN(3) == 0 {
		h.branch["a/new.yaml"] = []byte("new")
		return
	}
	name := names[h.rng.IntN(len(names))]
	if h.branch[name] = []byte("forged"); h.rng.IntN(2) == 0 {
		delete(h.branch, name)
	}
}

// wrong compares the Folder with one that makes the same from nothing.
func (h *history) wrong() string {
	want, owned := Files(h.summary), map[string][]byte{}
	for name, data := range want {
		if h.folder.Mine(name) {
			owned[name] = data
		}
	}
	differ := map[string][]byte{}
	for name, data := range owned {
		if was, held := h.known[name]; !held || string(was) != string(data) {
			differ[name] = data
		}
	}
	for name := range h.known {
		if _, wanted := owned[name]; !wanted && h.folder.Mine(name) {
			differ[name] = nil
		}
	}
	if diff := cmp.Diff(differ, h.folder.Differ()); diff != "" {
		return "what differs (-from nothing +again):\n" + diff
	}
	if diff := cmp.Diff(owned, h.folder.All()); diff != "" {
		return "all files (-from nothing +again):\n" + diff
	}
	var others []string
	forged := maps.Clone(h.branch)
	if len(forged) > 0 {
		name := slices.Sorted(maps.Keys(forged))[0]
		if forged[name] = []byte("forged"); h.folder.Mine(name) && string(h.branch[name]) != "forged" {
			others = []string{name}
		}
	}
	if diff := cmp.Diff(others, h.folder.Others(forged)); diff != "" {
		return "what others have changed (-want +got):\n" + diff
	}
	return ""
}

// TestFolderListsFew: of a large fleet the overview shows the rows that a user may have to look at, also once there
// are few Workspaces, and when others need to be looked at.
func TestFolderListsFew(t *testing.T) {
	var f Folder
	s := Summary{Cluster: "demo"}
	for range 2 {
		for _, n := range []int{maxRows + 20, maxRows - 1, maxRows + 1} {
			for _, failed := range []int{0, 3, n - 1} {
				s.Reports = many(n, Ready)
				s.Reports[failed].State = Failed
				f.Update(s)
				if diff := cmp.Diff(string(Files(s)[OverviewFile]), string(f.All()[OverviewFile])); diff != "" {
					t.Fatalf("%d Workspaces, the %d. has failed (-from nothing +again):\n%s", n, failed, diff)
				}
			}
		}
	}
}

// TestFolderCostsWhatChanges: a Folder of very many Reports allocates little when one of them changes.
func TestFolderCostsWhatChanges(t *testing.T) {
	s := Summary{Cluster: "demo", Reports: many(10_000, Ready)}
	var f Folder
	f.Holds(Files(s))
	f.Update(s)
	i := 0
	got := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			i++
			s.Reports = slices.Clone(s.Reports)
			next := *s.Reports[i%len(s.Reports)]
			next.ObservedCommit = fmt.Sprint(i)
			s.Reports[i%len(s.Reports)] = &next
			f.Update(s)
			f.Recorded()
		}
	})
	if bytes := got.AllocedBytesPerOp(); bytes > 300_000 { // 80,000 of which are the list
		t.Errorf("%d bytes are allocated, and %s", bytes, got)
	}
}
