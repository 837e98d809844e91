// SPDX-License-Identifier: Apache-2.0

package git

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestPatch: a writer that knows what is in its folder sends what differs, and makes all files only for a folder in
// which another client has changed something since. The folder has exactly its files in any case.
func TestPatch(t *testing.T) {
	const dir = "status/demo"
	repo := gittest.NewRepo(t)
	b := openMain(t, repo.URL()).Branch("status")
	rng, held := rand.New(rand.NewPCG(1, 1)), &Held{}
	files, alone := map[string][]byte{}, false
	commit := func(changed map[string][]byte) (made bool) {
		t.Helper()
		for name, data := range changed {
			if files[name] = data; data == nil {
				delete(files, name)
			}
		}
		_, _, err := b.Commit(t.Context(), Change{
			Dir: dir, Message: "status", Author: "T", Email: "t@example.com", When: time.Unix(1e9, 0),
			Patch: &Patch{Held: held, Files: changed, All: func() map[string][]byte {
				made = true
				return files
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	commit(map[string][]byte{"README.md": []byte("first"), "a/x.yaml": []byte("x")}) // a new branch
	alone = true
	for step := range 40 {
		switch rng.IntN(5) {
		case 0:
			repo.CommitTo("status", map[string]string{dir + "/a/forged.yaml": fmt.Sprint(step)}, "by hand")
			alone = false
		case 1:
			repo.CommitTo("status", map[string]string{"status/other/README.md": fmt.Sprint(step)}, "another cluster")
		case 2:
			got, _, err := b.ReadHeld(t.Context(), dir, held)
			if err != nil {
				t.Fatal(err)
			}
			// What was read is what the next changes are from.
			files, alone = maps.Clone(got), true
		}
		changed := map[string][]byte{fmt.Sprintf("%c/x.yaml", 'a'+rune(rng.IntN(3))): []byte(fmt.Sprint(step))}
		if rng.IntN(3) == 0 {
			changed["b/x.yaml"] = nil
		}
		if made := commit(changed); made == alone {
			t.Fatalf("step %d: all files are made: %t", step, made)
		}
		alone = true
		got, _, err := b.Read(t.Context(), dir)
		if diff := cmp.Diff(files, got); diff != "" || err != nil {
			t.Fatalf("step %d: the folder (-want +got): %s%v", step, diff, err)
		}
	}
	if made := commit(nil); made {
		t.Error("all files are made although nothing differs")
	}
	huge := string(make([]byte, 2<<20))
	repo.CommitTo("status", map[string]string{dir + "/huge": huge, dir + "/link": "symlink:README.md"}, "what is not read")
	if _, _, err := b.ReadHeld(t.Context(), dir, held); err != nil {
		t.Fatal(err)
	}
	if made := commit(map[string][]byte{"a/x.yaml": []byte("last")}); !made {
		t.Error("files that are not read stay")
	}
	bad := Change{
		Dir: dir, Message: "status", Author: "T", When: time.Unix(1e9, 0),
		Patch: &Patch{Held: held, Files: map[string][]byte{"../x": []byte("x")}},
	}
	if _, _, err := b.Commit(t.Context(), bad); err == nil {
		t.Error("a path that leads out of the folder is written")
	}
}

// TestPatchWithoutFolder: all files are made where the folder is not there, or not any more, and for a writer that
// knows nothing.
func TestPatchWithoutFolder(t *testing.T) {
	const dir = "status/demo"
	repo := gittest.NewRepo(t)
	b := openMain(t, repo.URL()).Branch("status")
	commit := func(held *Held, data string) (made bool) {
		t.Helper()
		all := map[string][]byte{"a": []byte("a"), "b": []byte(data)}
		_, _, err := b.Commit(t.Context(), Change{
			Dir: dir, Message: "status", Author: "T", Email: "t@example.com", When: time.Unix(1e9, 0),
			Patch: &Patch{Held: held, Files: map[string][]byte{"b": []byte(data)}, All: func() map[string][]byte {
				made = true
				return all
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := b.Read(t.Context(), dir); err != nil || cmp.Diff(all, got) != "" {
			t.Fatalf("%v, the folder (-want +got): %s", err, cmp.Diff(all, got))
		}
		return made
	}
	repo.CommitTo("status", map[string]string{"status/other/a": "a"}, "another cluster")
	held := &Held{}
	if !commit(held, "1") {
		t.Error("a folder that is not there is patched")
	}
	if commit(held, "2") {
		t.Error("of a folder that is known all files are made")
	}
	repo.DeleteBranch("status")
	if !commit(held, "3") {
		t.Error("a folder that is not there any more is patched")
	}
	if !commit(nil, "4") || !commit(&Held{}, "5") {
		t.Error("a folder of which nothing is known is patched")
	}
}
