// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"syncer.dev/syncer/internal/reconcile"
)

// recorder is the status branch for one loop. It checks that what the loop says to have changed, since it has read or
// recorded the branch last, makes of that what all files are.
type recorder struct {
	*Git
	known map[string][]byte
}

// Read returns the recorded files.
func (r *recorder) Read(ctx context.Context) (map[string][]byte, error) {
	files, err := r.Git.Read(ctx)
	if err == nil {
		r.known = maps.Clone(files)
	}
	return files, err
}

// Record replaces the recorded files.
func (r *recorder) Record(ctx context.Context, what reconcile.Recording) (string, error) {
	if all := what.All(); !what.Share.Divided() {
		changed := maps.Clone(r.known)
		for name, data := range what.Changed {
			if changed[name] = data; data == nil {
				delete(changed, name)
			}
		}
		if !maps.EqualFunc(all, changed, bytes.Equal) {
			panic(fmt.Sprintf("to change %q does not make the files %q", slices.Sorted(maps.Keys(what.Changed)),
				slices.Sorted(maps.Keys(all))))
		}
	}
	commit, err := r.Git.Record(ctx, what)
	if err == nil {
		r.known = r.Git.Status()
	}
	return commit, err
}
