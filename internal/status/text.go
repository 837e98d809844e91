// SPDX-License-Identifier: Apache-2.0

package status

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/redact"
	"syncer.dev/syncer/internal/workspace"
)

// Bounds on what a status file holds, written or read back. They are ours, and far above what syncer writes.
const (
	maxText   = 4096     // bytes of a message
	maxWord   = 512      // bytes of any other text
	maxCell   = 600      // bytes of a text in README.md
	maxList   = 10_000   // entries of a list
	maxNumber = 10_000   // nodes
	maxFiles  = 100_000  // files that are read back
	maxLine   = 1 << 10  // bytes of a line of a commit message
	cutMark   = " [cut]" // ends a text that was cut
)

// Redact takes secrets out of a text, and cuts it to a sane length.
func Redact(s string) string { return cut(redact.Text(s), maxText) }

// message returns a text of several lines as a status file may hold it: without secrets and control characters.
func message(s string) string { return cut(diag.EscapeLines(s), maxText) }

// word is message for a text of one line.
func word(s string) string { return cut(diag.EscapeText(s), maxWord) }

// cell is a text in README.md. Everything comes from files that anybody may have written.
func cell(s string) string { return diag.EscapeMarkdown(cut(diag.EscapeText(s), maxCell)) }

// Line is a text in a commit message: one line without markup, cut to a sane length.
func Line(s string) string { return cut(diag.EscapeCommit(s), maxLine) }

// cut bounds a text, in bytes.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit-len(cutMark)], "") + cutMark
}

// head bounds a list, and applies f to its items. It returns the list itself if nothing changes.
func head[T comparable](list []T, f func(T) T) []T {
	if len(list) == 0 {
		return nil
	}
	if len(list) > maxList {
		list = slices.Clone(list[:maxList]) // what is left out must not stay in memory
	}
	for i, v := range list {
		if out := f(v); out != v {
			fresh := append(make([]T, 0, len(list)), list[:i]...)
			for _, v := range list[i:] {
				fresh = append(fresh, f(v))
			}
			return fresh
		}
	}
	return list
}

// valid reports whether a key can be one of a Workspace. Its parts become parts of a path, so that no other key may be
// written or read back.
func valid(k workspace.Key) bool {
	return len(validation.IsDNS1123Label(k.Namespace)) == 0 && len(validation.IsDNS1123Subdomain(k.Name)) == 0
}

// clean returns a Report whose text is fit to be shown and to be kept, and whose figures are within bounds.
func (r Report) clean() Report {
	r.State = r.State.known()
	r.ObservedCommit, r.Inputs, r.Source = word(r.ObservedCommit), word(r.Inputs), word(r.Source)
	r.DesiredCommit, r.DesiredInputs = word(r.DesiredCommit), word(r.DesiredInputs)
	r.Model, r.Revision = word(r.Model), word(r.Revision)
	r.Runtime, r.Why = word(r.Runtime), word(r.Why)
	r.InstanceType, r.Endpoint, r.HourlyCost = word(r.InstanceType), word(r.Endpoint), word(r.HourlyCost)
	r.MonthlyCost, r.PricesDate = word(r.MonthlyCost), word(r.PricesDate)
	c := &r.CarriedOut
	c.Digest, c.InstanceType, c.Region = word(c.Digest), word(c.InstanceType), word(c.Region)
	c.Nodes = min(max(c.Nodes, 0), maxNumber)
	r.TargetNodeCount = min(max(r.TargetNodeCount, 0), maxNumber)
	r.WorkerNodes, r.Objects = head(r.WorkerNodes, word), head(r.Objects, word)
	r.Conditions = head(r.Conditions, func(c Condition) Condition {
		c.Type, c.Status, c.Reason, c.Message = word(c.Type), word(c.Status), word(c.Reason), message(c.Message)
		return c
	})
	r.Pools = head(r.Pools, Pool.clean)
	r.Output = cleanOutput(r.Output)
	return r
}

func (p Pool) clean() Pool {
	p.Name, p.State, p.InstanceType, p.Workspace = word(p.Name), word(p.State), word(p.InstanceType), word(p.Workspace)
	p.Error, p.Nodes = message(p.Error), min(max(p.Nodes, 0), maxNumber)
	p.NotReleased, p.HourlyCost = message(p.NotReleased), word(p.HourlyCost)
	p.MonthlyCost = word(p.MonthlyCost)
	return p
}

func (o Object) clean() Object {
	o.Namespace, o.Name, o.Source, o.Message = word(o.Namespace), word(o.Name), word(o.Source), message(o.Message)
	return o
}

// known returns the state, or Pending for one that there is not.
func (s State) known() State {
	switch s {
	case Pending, Ready, NotReady, Running, Succeeded, Failed:
		return s
	}
	return Pending
}
