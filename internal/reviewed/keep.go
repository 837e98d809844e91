// SPDX-License-Identifier: Apache-2.0

package reviewed

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/workspace"
)

// Sign signs the text of a record, and returns the armored signature; "" for none.
type Sign func(text []byte) (signature string, err error)

// Keeping says how records are written.
type Keeping struct {
	Cluster string
	Sign    Sign          // nil: unsigned
	Verify  Verify        // nil: unsigned records count
	MaxAge  time.Duration // policy.review.maxAge
	Now     time.Time
}

// Add returns the files of a cluster's folder with new records in them, and without those that are too old or too many.
// The result follows from the arguments alone. A file that counts and already shows the same values stays as it is
// while it is younger than half of MaxAge, so that the same review is not written again and again. The error says which
// record cannot be written.
func (k Keeping) Add(files map[string][]byte, records ...Record) (map[string][]byte, error) {
	out := map[string][]byte{}
	maps.Copy(out, files)
	for _, r := range records {
		if r.Cluster != k.Cluster {
			return nil, fmt.Errorf("the review of %s is one of cluster %q, not %q", r.Workspace, r.Cluster, k.Cluster)
		}
		name := FileName(r.Workspace, r.Digest)
		if k.current(name, out[name], r) {
			continue
		}
		data, err := r.file(k.Sign)
		if err != nil {
			return nil, fmt.Errorf("write the review of %s: %w", r.Workspace, err)
		}
		out[name] = data
	}
	k.prune(out)
	return out, nil
}

func (r Record) file(sign Sign) ([]byte, error) {
	if sign == nil {
		return r.Signed("")
	}
	text, err := r.Text()
	if err != nil {
		return nil, err
	}
	signature, err := sign(text)
	if err != nil {
		return nil, err
	}
	return r.Signed(signature)
}

// current reports whether a file says already what a record says, and for long enough.
func (k Keeping) current(name string, data []byte, r Record) bool {
	old, err := readOne(k.Cluster, name, data, k.Verify, k.Now)
	return err == nil && old.Shown == r.Shown && old.PullRequest == r.PullRequest && k.Now.Sub(old.At) < k.MaxAge/2
}

// kept is a file of the folder of a cluster.
type kept struct {
	name   string
	record Record
	counts bool
	nth    int // among those of its pull request
}

// prune removes records that are older than keepFor times MaxAge, and then those above the bounds. What does not count,
// such as a file of a newer version or one that no signer has signed, goes before every record that does. Nothing else
// belongs into the folder.
func (k Keeping) prune(files map[string][]byte) {
	folders := map[string][]kept{}
	for name, data := range files {
		r, _, err := Parse(k.Cluster, name, data)
		if err == nil && k.Now.Sub(r.At) > keepFor*k.MaxAge || len(data) > MaxFile || !isFileName(name) {
			delete(files, name)
			continue
		}
		f := kept{name: name}
		if f.record, err = readOne(k.Cluster, name, data, k.Verify, k.Now); err == nil {
			f.counts = true
		}
		folders[path.Dir(name)] = append(folders[path.Dir(name)], f)
	}
	var all []kept
	for _, folder := range folders {
		all = append(all, dropOver(files, folder, maxPerWorkspace)...)
	}
	dropOver(files, all, maxRecords)
}

// dropOver removes what is above a bound, and returns the rest. The newest of each pull request stay first, so that one
// with many versions, or with many Workspaces, removes its own records and not those of others.
func dropOver(files map[string][]byte, all []kept, bound int) []kept {
	slices.SortFunc(all, func(a, b kept) int {
		return cmp.Or(later(a.record, b.record), strings.Compare(a.name, b.name))
	})
	of := map[string]int{}
	for i := range all {
		all[i].nth = of[all[i].record.PullRequest]
		of[all[i].record.PullRequest]++
	}
	slices.SortStableFunc(all, func(a, b kept) int {
		switch {
		case a.counts && !b.counts:
			return -1
		case b.counts && !a.counts:
			return 1
		}
		return cmp.Compare(a.nth, b.nth)
	})
	for _, f := range all[min(len(all), bound):] {
		delete(files, f.name)
	}
	return all[:min(len(all), bound)]
}

// isFileName reports whether a record can have the path.
func isFileName(name string) bool {
	parts := strings.Split(name, "/")
	if len(parts) != 3 {
		return false
	}
	digest, ok := strings.CutSuffix(parts[2], ".yaml")
	return ok && digestForm.MatchString(digest) && isWorkspace(workspace.Key{Namespace: parts[0], Name: parts[1]})
}

// Same reports whether two folders hold the same files.
func Same(a, b map[string][]byte) bool { return maps.EqualFunc(a, b, bytes.Equal) }
