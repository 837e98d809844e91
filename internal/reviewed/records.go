// SPDX-License-Identifier: Apache-2.0

package reviewed

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Verify says who signed the text of a record at a time. The error says why the signature does not count; signature is
// "" for an unsigned record.
type Verify func(text []byte, signature string, at time.Time) (signer string, err error)

// Records are the records of one cluster that count. The zero value has none.
type Records struct {
	records map[workspace.Key]map[string]Record
	// Unread is why the records could not be read at all; "" if they could.
	Unread string
	// Ignored says for each file that does not count which one it is, and why; the first few.
	Ignored []string
}

// The bounds of what is read and kept. They are ours: a Workspace has a record for each state that reviewers were shown
// while its records are kept.
const (
	maxPerWorkspace = 50
	maxRecords      = 20_000
	maxIgnored      = 10
	// keepFor is how many times policy.review.maxAge a record is kept: an expired one still says when it was reviewed.
	keepFor = 4
	// ahead is how far a record's time may lie in the future, for clocks that differ.
	ahead = 5 * time.Minute
)

// Read returns the records in the files of a cluster's folder, by path relative to it. verify is nil if unsigned
// records count. A record of the future does not count.
func Read(cluster string, files map[string][]byte, verify Verify, now time.Time) Records {
	out := Records{records: map[workspace.Key]map[string]Record{}}
	perFolder, total := map[string]int{}, 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		folder := name[:max(strings.LastIndexByte(name, '/'), 0)]
		perFolder[folder]++
		if perFolder[folder] > maxPerWorkspace || total == maxRecords {
			out.ignore(cluster, name, errors.New("there are too many reviews"))
			continue
		}
		total++
		r, err := readOne(cluster, name, files[name], verify, now)
		if err != nil {
			out.ignore(cluster, name, err)
			continue
		}
		if out.records[r.Workspace] == nil {
			out.records[r.Workspace] = map[string]Record{}
		}
		out.records[r.Workspace][r.Digest] = r
	}
	return out
}

func readOne(cluster, name string, data []byte, verify Verify, now time.Time) (Record, error) {
	r, signature, err := Parse(cluster, name, data)
	if err != nil {
		return Record{}, err
	}
	if r.At.After(now.Add(ahead)) {
		return Record{}, fmt.Errorf("its time %s lies in the future", r.At.Format(time.RFC3339))
	}
	if verify == nil {
		return r, nil
	}
	text, err := r.Text()
	if err != nil {
		return Record{}, err
	}
	if _, err := verify(text, signature, r.At); err != nil {
		return Record{}, fmt.Errorf("its signature does not count: %w", err)
	}
	return r, nil
}

func (r *Records) ignore(cluster, name string, err error) {
	if len(r.Ignored) < maxIgnored {
		r.Ignored = append(r.Ignored, diag.EscapeText(fmt.Sprintf("%s/%s: %v", Dir(cluster), name, err)))
	}
}

// Find returns the record of a Workspace with a digest.
func (r Records) Find(key workspace.Key, digest string) (Record, bool) {
	found, ok := r.records[key][digest]
	return found, ok
}

// Newest returns the newest record of a Workspace, under any digest.
func (r Records) Newest(key workspace.Key) (newest Record, ok bool) {
	for _, one := range r.records[key] {
		if !ok || later(one, newest) < 0 {
			newest, ok = one, true
		}
	}
	return newest, ok
}

// Len counts the records.
func (r Records) Len() int {
	n := 0
	for _, of := range r.records {
		n += len(of)
	}
	return n
}

// later orders records: the newest first, then by Workspace and digest.
func later(a, b Record) int {
	return cmp.Or(b.At.Compare(a.At), a.Workspace.Compare(b.Workspace), strings.Compare(a.Digest, b.Digest))
}
