// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"io/fs"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/simulate/apiserver"
	"syncer.dev/syncer/internal/simulate/asked"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Every request is judged by what its process has seen: that is all it can know.

// judgeApply: nothing is applied that the server refuses, and nothing that no file asks for.
func (p *process) judgeApply(o *unstructured.Unstructured) {
	ref := cluster.RefOf(o)
	if err := p.previewed[ref]; err != nil {
		p.w.violated("%s is applied although the server refuses it: %v", ref, err)
	}
	p.judgeHalted(ref.String(), apiserver.KeyOf(o), o.GetAnnotations()[cluster.AnnotationSource])
	source := o.GetAnnotations()[cluster.AnnotationSource] // what Workspaces share has none
	if source != "" && asked.TextOf(p.revision, source) == "" {
		p.w.violated("%s is applied for %s, which is not in %s", ref, source, p.revision.Commit)
	}
}

// halted returns why the revision lets nothing of a Workspace change in this pass, or "". The zero Key is everything
// else; file is where it is asked for.
func (p *process) halted(k workspace.Key, file string) string {
	switch {
	case asked.Suspended(p.revision, k, p.began.Add(p.skew)):
		return "it is suspended"
	case asked.Observed(asked.TextOf(p.revision, file)):
		return "it is only observed"
	}
	return ""
}

// judgeHalted: nothing of a Workspace is written that is suspended, or only observed.
func (p *process) judgeHalted(what string, k workspace.Key, source string) {
	file := source
	if k.Name != "" {
		file, _ = asked.FileOf(k)
	}
	if why := p.halted(k, file); why != "" {
		p.w.violated("%s of %s is written although %s", what, k, why)
	}
}

// doubt returns why a process must not delete anything, or "".
func (p *process) doubt() string {
	files, _ := fs.Glob(p.revision.Files, "[mst][0-9].yaml")
	switch {
	case !p.fetched:
		return "Git could not be read"
	case !p.listed:
		return "the pools could not be listed"
	case len(files) == 0 && !p.revision.AllowEmpty:
		return "the source is empty"
	}
	return ""
}

// judgePrune: only what was seen as ours is deleted, only without doubt, and nothing that the revision asks for.
func (p *process) judgePrune(o *cluster.Object) {
	at := slices.IndexFunc(p.state.Objects, func(s *cluster.Object) bool { return s.Ref == o.Ref && s.UID == o.UID })
	file, _ := asked.FileOf(o.Workspace)
	p.judgeHalted(o.Ref.String(), o.Workspace, o.Source)
	p.judgeMany(o.Workspace)
	switch {
	case at < 0:
		p.w.violated("%s is deleted, which was not seen", o.Ref)
	case !p.state.Objects[at].Owned:
		p.w.violated("%s is deleted, which is not ours", o.Ref)
	case p.state.Objects[at].PruneDisabled:
		p.w.violated("%s is deleted against its annotation", o.Ref)
	case cluster.IsClaim(o.Ref) && !p.state.Objects[at].PruneEnabled:
		p.w.violated("%s is deleted with its data, without its annotation", o.Ref)
	case p.doubt() != "":
		p.w.violated("%s is deleted although %s", o.Ref, p.doubt())
	case asked.Objects[o.Source] == o.Kind && asked.TextOf(p.revision, o.Source) != "":
		p.w.violated("%s is deleted although %s asks for it", o.Ref, p.revision.Commit)
	case asked.Broken(asked.TextOf(p.revision, o.Source)) || asked.Broken(asked.TextOf(p.revision, file)):
		p.w.violated("%s is deleted although %s is unreadable", o.Ref, o.Source)
	case apiserver.IsWorkload(o.Ref) && asked.AsksFor(p.revision, o.Workspace):
		p.w.violated("%s is deleted although %s asks for it", o.Ref, p.revision.Commit)
	}
}

// judgePool: a pool is written if it was listed as ours and at rest, under the ETag that was listed.
func (p *process) judgePool(kind string, c capacity.PoolChange) {
	var owner workspace.Key
	if c.Live != nil {
		owner = c.Live.Workspace
	} else if c.Desired != nil {
		owner = c.Desired.Workspace
	}
	name, _, _ := strings.Cut(owner.Name, "-")
	if why := p.halted(owner, name+".yaml"); why != "" {
		p.w.violated("%s %s of %s although %s", kind, c.Name, owner, why)
	}
	at := slices.IndexFunc(p.pools, func(l capacity.LivePool) bool { return l.Name == c.Name })
	if c.Op == capacity.Create {
		if at >= 0 {
			p.w.violated("%s %s, which is there", kind, c.Name)
		}
		p.judgeRoom(kind, c)
		return
	}
	if at < 0 {
		p.w.violated("%s %s, which was not listed", kind, c.Name)
		return
	}
	live := p.pools[at]
	switch {
	case !live.Owned || live.System:
		p.w.violated("%s %s, which is not ours", kind, c.Name)
	case c.Live == nil || c.Live.ETag != live.ETag:
		p.w.violated("%s %s without the ETag that was listed", kind, c.Name)
	case p.began.Sub(p.started[c.Name]) < listPatience:
		p.w.violated("%s %s, which has an operation that this process started", kind, c.Name)
	case kind == "abort":
		return
	case live.State.Busy():
		p.w.violated("%s %s, which is %s", kind, c.Name, live.State)
	case c.Op == capacity.Delete && p.doubt() != "":
		p.w.violated("%s %s although %s", kind, c.Name, p.doubt())
	}
	p.judgeRoom(kind, c)
	p.judgeEmpty(kind, c)
}

// maxInFlight is how many operations one process may have in flight.
const maxInFlight = 3

// listPatience is how long a process knows that a list of pools is older than what it did itself.
const listPatience = 2 * time.Minute

// judgeRoom: a process starts an operation only while fewer are in flight than allowed.
func (p *process) judgeRoom(kind string, c capacity.PoolChange) {
	busy := map[string]bool{}
	for _, l := range p.pools {
		busy[l.Name] = l.State.Busy()
	}
	n := 0
	for name, at := range p.started {
		busy[name] = busy[name] || p.began.Sub(at) < listPatience
	}
	for _, is := range busy {
		if is {
			n++
		}
	}
	if n >= maxInFlight {
		p.w.violated("%s %s while %d operations are in flight", kind, c.Name, n)
	}
}

// judgeEmpty: no node goes on which a pod was seen.
func (p *process) judgeEmpty(kind string, c capacity.PoolChange) {
	gone := c.Remove
	if c.Desired == nil || c.Desired.Count == 0 && len(c.Remove) == 0 {
		gone = p.nodesOf(c.Name)
	}
	for _, node := range gone {
		if pods := p.onNode(node); len(pods) > 0 {
			p.w.violated("%s %s under %v on %s", kind, c.Name, pods, node)
		}
	}
}

// judgeStatus: a status is never greener than what was seen.
func (p *process) judgeStatus(files map[string][]byte) {
	for _, r := range status.FromFiles(files, time.Now()) {
		w := p.state.Workloads[r.Key]
		switch r.State {
		case status.Ready:
			p.w.meet("a status says Ready")
			if w.Ref.Name == "" || !w.Current || w.Replicas == 0 || w.Ready < w.Replicas || w.Endpoints == 0 {
				p.w.violated("%s is Ready, and what was seen is %+v", r.Key, w)
			}
			if !asked.AsksFor(p.revision, r.Key) && r.NotApplied() == "" {
				p.w.violated("%s is Ready, and %s does not ask for it", r.Key, p.revision.Commit)
			}
		case status.Succeeded:
			p.w.meet("a status says Succeeded")
			if !w.Complete {
				p.w.violated("%s has Succeeded, and what was seen is %+v", r.Key, w)
			}
		case status.Running:
			if !slices.ContainsFunc(w.Pods, started) {
				p.w.violated("%s is Running, and what was seen is %+v", r.Key, w)
			}
		}
		if p.refused[r.Name] && asked.AsksFor(p.revision, r.Key) && allTrue(r) {
			p.w.violated("%s is all green, and the server has refused an object of it", r.Key)
		}
	}
}

// started reports whether a pod runs, or has ended: its Job follows a moment later.
func started(p cluster.Pod) bool { return p.Phase == "Running" || p.Phase == "Succeeded" }

func allTrue(r *status.Report) bool {
	return !slices.ContainsFunc(r.Conditions, func(c status.Condition) bool { return c.Status != "True" })
}
