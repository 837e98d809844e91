// SPDX-License-Identifier: Apache-2.0

package reviewed

import (
	"bytes"
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

// Add returns the files of a cluster's folder with new records in them, and without those that are too old or too many.
// The result follows from the arguments alone. A file that already shows the same values stays as it is while it is
// younger than half of maxAge, so that the same review is not written again and again. The error says which record
// cannot be written.
func Add(
	files map[string][]byte, cluster string, records []Record, sign Sign, maxAge time.Duration, now time.Time,
) (map[string][]byte, error) {
	out := map[string][]byte{}
	maps.Copy(out, files)
	for _, r := range records {
		if r.Cluster != cluster {
			return nil, fmt.Errorf("the review of %s is one of cluster %q, not %q", r.Workspace, r.Cluster, cluster)
		}
		name := FileName(r.Workspace, r.Digest)
		if current(cluster, name, out[name], r, sign, maxAge, now) {
			continue
		}
		data, err := r.file(sign)
		if err != nil {
			return nil, fmt.Errorf("write the review of %s: %w", r.Workspace, err)
		}
		out[name] = data
	}
	prune(cluster, out, maxAge, now)
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
func current(cluster, name string, data []byte, r Record, sign Sign, maxAge time.Duration, now time.Time) bool {
	old, signature, err := Parse(cluster, name, data)
	if err != nil || (signature == "") != (sign == nil) {
		return false
	}
	age := now.Sub(old.At)
	return old.Shown == r.Shown && old.PullRequest == r.PullRequest && age >= -ahead && age < maxAge/2
}

// prune removes records that are older than keepFor times maxAge, and then the oldest of those above the bounds. A file
// that is no record, such as one of a newer version, counts as the oldest. Nothing else belongs into the folder.
func prune(cluster string, files map[string][]byte, maxAge time.Duration, now time.Time) {
	type file struct {
		name   string
		record Record
	}
	var all []file
	for name, data := range files {
		r, _, err := Parse(cluster, name, data)
		if err == nil && now.Sub(r.At) > keepFor*maxAge || len(data) > MaxFile || !isFileName(name) {
			delete(files, name)
			continue
		}
		all = append(all, file{name, r})
	}
	slices.SortFunc(all, func(a, b file) int {
		if c := later(a.record, b.record); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	perFolder, total := map[string]int{}, 0
	for _, f := range all {
		folder := path.Dir(f.name)
		if perFolder[folder] == maxPerWorkspace || total == maxRecords {
			delete(files, f.name)
			continue
		}
		perFolder[folder]++
		total++
	}
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
