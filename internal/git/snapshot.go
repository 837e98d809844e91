// SPDX-License-Identifier: Apache-2.0

package git

import (
	"fmt"

	"syncer.dev/syncer/internal/git/snapshot"
)

// Snapshot is the tree of one commit as a read-only file system. It does not change, and is safe for concurrent use.
type Snapshot = snapshot.Snapshot

// newSnapshot returns a Snapshot in which the given folders are looked at whole. One that is not there is no error.
func newSnapshot(v *version, most Limits, folders ...string) (*Snapshot, error) {
	s, err := snapshot.New(snapshot.Source{
		Objects: v.store,
		Tree:    v.commit.Tree.plumbing(),
		Time:    v.commit.Time,
		Folders: v.store.Made(),
		Note:    v.noteDamage,
	}, most, folders...)
	if err != nil {
		return nil, fmt.Errorf("commit %s: %w", v.commit.Hash.Short(), err)
	}
	return s, nil
}
