// SPDX-License-Identifier: Apache-2.0

package git

import (
	"fmt"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git/gittest"
)

// TestMemoryIsFlat follows 10,000 commits on two branches, with status commits in between: what is held does not grow
// with the history. It counts objects, since the memory of a process says little.
func TestMemoryIsFlat(t *testing.T) {
	const batches, batch = 50, 200
	repo := gittest.NewRepo(t)
	files := map[string]string{}
	for i := range 200 {
		files[fmt.Sprintf("d%d/f%d", i%20, i)] = strings.Repeat(fmt.Sprint(i), 50)
	}
	repo.Commit(files, "first")
	r := openMain(t, repo.Dir)
	branch := r.Branch(statusBranch)
	mustFetch(t, r)
	var most [2]int // in the first half of the history, and in the second
	var mostBytes [2]int64
	for i := range batches {
		repo.History(batch, func(j int) map[string]string {
			n := i*batch + j
			return map[string]string{fmt.Sprintf("d%d/f%d", n%20, n%200): strings.Repeat(fmt.Sprintf("%06d", n), 50)}
		})
		c := mustFetch(t, r)
		if i%10 == 0 {
			if _, err := r.Resolve(t.Context(), "main~1"); err != nil {
				t.Fatal(err)
			}
		}
		mustCommit(t, branch, statusChange(map[string]string{"x": string(c.Hash)}))
		count, bytes := r.Held()
		half := i * 2 / batches
		most[half], mostBytes[half] = max(most[half], count), max(mostBytes[half], bytes)
	}
	// The branch has 223 objects of some 100 kB, a Store keeps 1 MiB beside them, and a fetch brings 200 files of 300
	// bytes. Two Stores may be there at once: one that is followed, and that of the revisions that were resolved.
	t.Logf("at most %d objects of %d bytes", most, mostBytes)
	if most[1] > most[0]*3/2 || mostBytes[1] > mostBytes[0]*3/2 || most[1] > 20_000 || mostBytes[1] > 8<<20 {
		t.Errorf("at most %d objects of %d bytes were held in the two halves of the history", most, mostBytes)
	}
}
