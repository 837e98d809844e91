// SPDX-License-Identifier: Apache-2.0

package status

import (
	"fmt"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/status/fields"
	"syncer.dev/syncer/internal/workspace"
)

// Parse reads a Workspace's status file. Others may have written it: what comes of it is within the bounds of what
// syncer writes.
func Parse(data []byte) (Report, error) { return parse(new(fields.Reader), data) }

func parse(files *fields.Reader, data []byte) (Report, error) {
	d, err := files.Read(data)
	if err != nil {
		return Report{}, fmt.Errorf("read status: %w", err)
	}
	if d.Kind != "WorkspaceStatus" {
		return Report{}, fmt.Errorf("read status: kind is %q, not WorkspaceStatus", d.Kind)
	}
	s := d.Status
	r := Report{
		Key:             workspace.Key{Namespace: d.Metadata.Namespace, Name: d.Metadata.Name},
		State:           State(s.State),
		ObservedCommit:  s.ObservedCommit,
		Inputs:          strings.TrimPrefix(s.Inputs, digestPrefix),
		DesiredCommit:   s.DesiredCommit,
		DesiredInputs:   strings.TrimPrefix(s.DesiredInputs, digestPrefix),
		Source:          s.Source,
		Model:           s.Model,
		Revision:        s.Revision,
		Runtime:         s.Runtime,
		InstanceType:    s.InstanceType,
		Why:             s.Why,
		TargetNodeCount: s.TargetNodeCount,
		WorkerNodes:     s.WorkerNodes,
		Endpoint:        s.Endpoint,
		HourlyCost:      s.HourlyCost,
		MonthlyCost:     s.MonthlyCost,
		PricesDate:      s.PricesDate,
		Objects:         s.Objects,
		Output:          s.Output,
	}
	if c := s.CarriedOut; c != nil {
		r.CarriedOut = reviewed.CarriedOut{
			Digest: c.Digest, InstanceType: c.InstanceType, Region: c.Region, Spot: c.Spot, Nodes: c.Nodes,
		}
	}
	for _, c := range s.Conditions {
		t, _ := time.Parse(time.RFC3339, c.LastTransitionTime)
		r.Conditions = append(r.Conditions, Condition{c.Type, c.Status, c.Reason, c.Message, t})
	}
	for _, p := range s.Pools {
		r.Pools = append(r.Pools, Pool{Name: p.Name, State: p.State, Nodes: p.Nodes, Shared: p.Shared})
	}
	r.FirstSeen = firstSeen(s.FirstSeen, r.Conditions)
	if !valid(r.Key) {
		return Report{}, fmt.Errorf("read status: %q is no name of a Workspace", r.Key)
	}
	return r.clean(), nil
}

// FromFiles reads the Reports of a cluster's folder, several at once. It ignores other files, which another client may
// have added, and those that name another Workspace than their path does. A time after now counts as now.
func FromFiles(files map[string][]byte, now time.Time) []*Report {
	now = now.UTC().Truncate(time.Second)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if path.Ext(name) == ".yaml" && path.Dir(name) != "." {
			names = append(names, name)
		}
	}
	names = names[:min(len(names), maxFiles)]
	read := make([]*Report, len(names))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for part := range slices.Chunk(indices(len(names)), filesAtOnce) {
		g.Go(func() error {
			var reader fields.Reader
			for _, i := range part {
				read[i] = fromFile(&reader, names[i], files[names[i]], now)
			}
			return nil
		})
	}
	_ = g.Wait() // no function returns an error
	out := slices.DeleteFunc(read, func(r *Report) bool { return r == nil })
	slices.SortFunc(out, func(a, b *Report) int { return a.Key.Compare(b.Key) })
	return out
}

// filesAtOnce is how many files one goroutine reads.
const filesAtOnce = 200

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// fromFile reads the Report of one file, or returns nil.
func fromFile(files *fields.Reader, name string, data []byte, now time.Time) *Report {
	r, err := parse(files, data)
	if err != nil || FileName(r.Key) != name {
		return nil
	}
	if r.FirstSeen.After(now) {
		r.FirstSeen = now
	}
	for i, c := range r.Conditions {
		if c.LastTransitionTime.After(now) {
			r.Conditions[i].LastTransitionTime = now
		}
	}
	return &r
}

// epoch is earlier than any clock that syncer has run by. An earlier time was not written by syncer.
var epoch = time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)

// firstSeen reads the time at which a Workspace was first seen. Without one that syncer may have written, as in files
// of older versions, it is the earliest transition of a condition.
func firstSeen(text string, conditions []Condition) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err == nil && t.After(epoch) {
		return t.UTC()
	}
	t = time.Time{}
	for _, c := range conditions {
		if at := c.LastTransitionTime; at.After(epoch) && (t.IsZero() || at.Before(t)) {
			t = at.UTC()
		}
	}
	return t
}
