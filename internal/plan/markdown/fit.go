// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"cmp"
	"slices"
)

// What a comment leaves out to fit. Each function leaves out at least one thing, and about as many bytes as are too
// many, the largest things first; among equal ones the later. It reports whether there was any.

func (c *comment) leaveOutDiff(excess int) bool {
	var all []*object
	for _, d := range c.details {
		for _, o := range d.objects {
			if o.diff != "" && !o.leftOut {
				all = append(all, o)
			}
		}
	}
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b *object) int { return cmp.Compare(len(b.diff), len(a.diff)) })
	for _, o := range all {
		if excess <= 0 {
			break
		}
		o.leftOut = true
		c.left.diffs++
		excess -= len(o.diff)
	}
	return len(all) > 0
}

func (c *comment) leaveOutDetails(excess int) bool {
	sizes := map[*details]int{}
	var all []*details
	for _, d := range c.details {
		if !d.leftOut {
			sizes[d] = d.size()
			all = append(all, d)
		}
	}
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b *details) int { return cmp.Compare(sizes[b], sizes[a]) })
	for _, d := range all {
		if excess <= 0 {
			break
		}
		d.leftOut = true
		c.left.details++
		for _, o := range d.objects {
			if o.leftOut { // it counts as a part of the details now
				c.left.diffs--
			}
		}
		excess -= sizes[d]
	}
	return len(all) > 0
}

func (c *comment) leaveOutCaution(excess int) bool { return c.cautions.leaveOut(excess, 3) }

func (c *comment) leaveOutRow(excess int) bool {
	before := c.left.rows
	for excess > 0 && c.left.rows < len(c.rows) {
		excess -= len(c.rows[len(c.rows)-1-c.left.rows])
		c.left.rows++
	}
	return c.left.rows > before
}

func (c *comment) leaveOutReason(int) bool {
	for _, l := range []*list{&c.deletions, &c.blockers} {
		if len(l.items) > 0 && !l.short {
			l.short = true
			return true
		}
	}
	return false
}

func (c *comment) leaveOutName(excess int) bool {
	return c.deletions.leaveOut(excess, 10) || c.blockers.leaveOut(excess, 10)
}
