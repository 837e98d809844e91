// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"fmt"
	"slices"
	"sort"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
)

// whole returns the objects that the i-th Workload has brought along in full, also where they are outlines.
func whole(d *desired.Desired, i int) ([]*unstructured.Unstructured, error) {
	b := &d.Workloads[i].Bundle
	all, known := b.Whole()
	if !known {
		return nil, fmt.Errorf("the content of the objects of %s is unknown", d.Workloads[i].Key)
	}
	from, to := d.ObjectsOf(i)
	out := make([]*unstructured.Unstructured, 0, to-from)
	for k := range b.Objects { // some of them others have brought along
		if at := from + len(out); at < to && d.Objects[at].Content == b.Objects[k] {
			out = append(out, all[k])
		}
	}
	if len(out) < to-from {
		return nil, fmt.Errorf("the objects of %s are not those that it renders", d.Workloads[i].Key)
	}
	return out, nil
}

// broughtBy returns the place of the Workload that has brought along the k-th object; below 0 for a plain one.
func broughtBy(d *desired.Desired, k int) int {
	if k < d.Unowned() {
		return -1
	}
	return sort.Search(len(d.Workloads), func(i int) bool { _, to := d.ObjectsOf(i); return to > k })
}

// object returns one of the desired objects in full: the same one each time, as long as it is needed.
func (b *before) object(k int) (*unstructured.Unstructured, error) {
	if o := b.objects.full[k]; o != nil {
		return o, nil
	}
	i := broughtBy(&b.desired, k)
	if i < 0 {
		return b.desired.Objects[k].Content, nil
	}
	from, _ := b.desired.ObjectsOf(i)
	all, err := whole(&b.desired, i)
	if err != nil {
		return nil, err
	}
	if b.objects.full == nil {
		b.objects.full = map[int]*unstructured.Unstructured{}
	}
	for n, o := range all {
		at := from + n
		if b.objects.was != nil && b.objects.was[at] >= 0 {
			if earlier := b.objects.last[int(b.objects.was[at])]; earlier != nil {
				o = earlier
			}
		}
		b.objects.full[at] = o
	}
	return b.objects.full[k], nil
}

// inFull returns the desired objects, in full those of Workspaces of which some object changes.
func (b *before) inFull(previews []*cluster.Preview) ([]desired.Object, error) {
	out := b.desired.Objects
	for i := range b.desired.Workloads {
		from, to := b.desired.ObjectsOf(i)
		if !slices.ContainsFunc(previews[from:to], func(p *cluster.Preview) bool { return !changesNothing(p) }) {
			continue
		}
		if len(out) > 0 && &out[0] == &b.desired.Objects[0] {
			out = slices.Clone(out)
		}
		for k := from; k < to; k++ {
			var err error
			if out[k].Content, err = b.object(k); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
