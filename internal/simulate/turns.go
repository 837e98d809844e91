// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/simulate/apiserver"
	"syncer.dev/syncer/internal/simulate/asked"
	"syncer.dev/syncer/internal/workspace"
)

// massPolicy is that of a world with the guard: four or more need a word of their author.
var massPolicy = mass.Policy{Count: mass.Floor, Percent: 50}

// Trailers implements reconcile.Commits.
func (p *process) Trailers(_ context.Context, _ string, part reconcile.History) ([]string, error) {
	f := p.gate(call{kind: "trailers"})
	if f.err != nil {
		return nil, p.answer(f)
	}
	return p.w.git.Trailers(part), p.answer(f)
}

// judgeMany: no more Workspaces go at once than may, unless a commit allows so many that is not older than their
// removal, or than the last commit that this process has carried out.
func (p *process) judgeMany(k workspace.Key) {
	file, _ := asked.FileOf(k)
	if !p.w.profile.mass || k.Name == "" || asked.TextOf(p.revision, file) != "" {
		return
	}
	p.gone[k] = true
	if len(p.gone) <= massPolicy.Count || p.revision.AllowEmpty {
		return
	}
	p.w.meet("many deletions are allowed")
	since := p.carried
	for k := range p.gone {
		file, _ := asked.FileOf(k)
		since = min(since, p.w.git.Last[file])
	}
	most := 0
	for n := since + 1; n <= p.w.git.Number; n++ {
		most = max(most, p.w.git.Allow[n])
	}
	if most < len(p.gone) {
		p.w.violated("%d Workspaces are deleted at once, and the commits since c%d allow %d", len(p.gone), since, most)
	}
}

// judgeTurn: no more servers are interrupted at once by changes than allowed, by what the process has seen and done.
func (p *process) judgeTurn(o *unstructured.Unstructured) {
	limit, k := p.w.profile.rollout, apiserver.KeyOf(o)
	if limit.Off() || !p.w.server.Restarts(o, p.contents[cluster.RefOf(o)]) || p.state.Workloads[k].Endpoints == 0 {
		return
	}
	if !p.w.server.Interrupted[k].IsZero() { // a newer commit may mend it
		return
	}
	p.w.meet("a server restarts in its turn")
	p.restarted[k] = true
	under := len(p.restarted)
	for other, at := range p.w.server.Interrupted {
		if !p.restarted[other] && p.underWay(other, at) {
			under++
		}
	}
	if under > limit.Of(0) {
		p.w.violated("%s is interrupted while %d are, and %s: %v", k, under-1, limit, p.w.server.Interrupted)
	}
}

// underWay reports whether a process must see that a server, which a change has interrupted, is not healthy again.
func (p *process) underWay(k workspace.Key, at time.Time) bool {
	file, _ := asked.FileOf(k)
	seen := p.state.Workloads[k]
	switch {
	case !asked.AsksFor(p.revision, k), suspendedByFile(asked.TextOf(p.revision, file)):
		return false
	case p.w.profile.skew && time.Since(at) > 0, time.Since(at) > rolloutDeadline: // it may count as failed
		return false
	}
	return seen.Updating && (seen.Ready < seen.Replicas || seen.Endpoints == 0)
}

// rolloutDeadline is how long a restart may take before others need not wait for it any more.
const rolloutDeadline = 3 * time.Hour

// judgeDependency: nothing of a Workspace is made, or made another one, before what it depends on is done.
func (p *process) judgeDependency(o *unstructured.Unstructured) {
	k := apiserver.KeyOf(o)
	file, _ := asked.FileOf(k)
	text := asked.TextOf(p.revision, file)
	on, depends := asked.DependsOn(text)
	if !depends || suspendedByFile(text) || p.state.Workloads[k].Inputs == apiserver.Inputs(o) {
		return
	}
	live := p.state.Workloads[on]
	if live.Complete || live.Replicas > 0 && live.Ready >= live.Replicas && live.Endpoints > 0 {
		p.w.meet("a Workspace follows the one that it depends on")
		return
	}
	p.w.violated("%s is made before %s is done, which it depends on: %+v", k, on, live)
}
