// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// way is a commit on its way.
type way struct {
	commit     string
	trace      [16]byte
	start      time.Time
	attributes []Attribute
	events     []Event
	arrived    arrival // of the tip; said once
	isTip      bool    // it was, as the way began
	said       bool

	stops map[workspace.Key]*stop
	pools map[string]*lasting
}

// stop is a Workspace that a commit changes.
type stop struct {
	target string // commit that had changed it last as it joined
	result string // "" while it is on its way
	by     string // commit that has overtaken
	phase  lasting
}

// lasting is a span that has not ended.
type lasting struct {
	name, reason string
	start        time.Time
	attributes   []Attribute
	events       []Event
	failed       string
}

// join adds a Workspace.
func (w *way) join(r *status.Report, p *passed, target string) {
	if w.stops[r.Key] != nil {
		return
	}
	_, began := p.acted()
	if was := p.previous[r.Key]; p.continues && was != nil && targetOf(was) == target {
		r = was // another process has seen it begin
		if since := sinceOf(was); !since.IsZero() && since.Before(began) {
			began = since
		}
		if began.Before(w.start) {
			w.start = began
		}
	}
	w.stops[r.Key] = &stop{target: target, phase: lasting{name: phaseOf(r), reason: reasonOf(r), start: began}}
}

// passed returns the spans that have ended with a pass.
func (w *way) passed(p *passed) []Span {
	out := w.arrival(p)
	out = append(out, w.applied(p)...)
	out = append(out, w.nodes(p)...)
	for _, key := range slices.SortedFunc(maps.Keys(w.stops), workspace.Key.Compare) {
		if s := w.stops[key]; s.result == "" {
			out = append(out, w.step(key, s, p)...)
		}
	}
	if w.over() { // the list of pools may be older than the nodes
		out = append(out, w.leave(p.now)...)
	}
	return append(out, w.recorded(p)...)
}

// arrival returns the spans of reading and planning, once.
func (w *way) arrival(p *passed) []Span {
	if w.said {
		return nil
	}
	w.said = true
	if !w.isTip {
		return nil
	}
	var out []Span
	if f := w.arrived.fetch; !f.Began.IsZero() {
		out = append(out, w.span(lasting{name: NameFetch, start: f.Began}, f.Ended, timeID(f.Began)))
	}
	if r, ok := p.ran(reconcile.StepPlan); ok {
		l := lasting{name: NamePlan, start: r.Began, attributes: []Attribute{{"syncer.plan.changes", len(p.o.Plan.Changes)}}}
		out = append(out, w.span(l, r.Ended, timeID(r.Began)))
	}
	return out
}

// applied returns the spans of writes: for each Workspace on its way, and once for what belongs to none, or is removed.
func (w *way) applied(p *passed) []Span {
	began, ended := p.acted()
	var out []Span
	for _, key := range slices.SortedFunc(maps.Keys(p.written), workspace.Key.Compare) {
		s, r := w.stops[key], p.reports[key]
		mine := s != nil && s.result == "" && r != nil && targetOf(r) == s.target
		gone := r == nil && w.isTip && p.o.Commit == w.commit // or it belongs to no Workspace
		if !mine && !gone {
			continue
		}
		l := lasting{name: NameApply, start: began, attributes: append(about(key), counts(p.written[key])...)}
		l.failed = p.failures[key]
		out = append(out, w.span(l, ended, key.String(), timeID(began)))
	}
	return out
}

// step moves a Workspace on.
func (w *way) step(key workspace.Key, s *stop, p *passed) []Span {
	r := p.reports[key]
	switch {
	case r == nil:
		return w.stopped(key, s, nil, Overtaken, p.o.Commit, p)
	case targetOf(r) != s.target:
		return w.stopped(key, s, r, Overtaken, targetOf(r), p)
	}
	if result := p.result(r); result != "" {
		return w.stopped(key, s, r, result, "", p)
	}
	name, reason := phaseOf(r), reasonOf(r)
	same := name == s.phase.name
	if same && reason == s.phase.reason {
		return nil
	}
	if same && name == NameHealth {
		s.phase.events = append(s.phase.events, Event{
			At: p.now, Name: "reason", Attributes: []Attribute{{KeyReason, reason}, {KeyState, string(r.State)}},
		})
		s.phase.reason = reason
		return nil
	}
	_, at := p.acted()
	was := s.phase
	s.phase = lasting{name: name, reason: reason, start: at}
	return []Span{w.phase(key, was, at)}
}

// stopped ends the way to a Workspace.
func (w *way) stopped(key workspace.Key, s *stop, r *status.Report, result, by string, p *passed) []Span {
	s.result, s.by = result, by
	last := s.phase
	last.attributes = []Attribute{{KeyResult, result}}
	if by != "" {
		last.attributes = append(last.attributes, Attribute{KeyOvertaken, by})
	} else if r != nil {
		last.attributes = append(last.attributes, Attribute{KeyState, string(r.State)})
		last.reason = reasonOf(r)
	}
	if result == Broken {
		last.failed = last.reason
	}
	return []Span{w.phase(key, last, p.now)}
}

// phase returns the span of a part of the way of a Workspace.
func (w *way) phase(key workspace.Key, l lasting, end time.Time) Span {
	l.attributes = append(about(key), l.attributes...)
	if l.reason != "" {
		l.attributes = append(l.attributes, Attribute{KeyReason, l.reason})
	}
	id := []string{key.String()}
	if l.name != NameHealth { // a Workspace may wait several times
		id = append(id, l.reason, timeID(l.start))
	}
	return w.span(l, end, id...)
}

// nodes follows the pools that Workspaces on their way wait for.
func (w *way) nodes(p *passed) []Span {
	wanted := map[string]bool{}
	var out []Span
	for _, key := range slices.SortedFunc(maps.Keys(w.stops), workspace.Key.Compare) {
		if w.stops[key].result != "" {
			continue
		}
		s, ok := p.pool(key)
		if !ok || wanted[s.name] {
			continue
		}
		wanted[s.name] = true
		is := w.pools[s.name]
		switch {
		case is == nil && s.pending:
			began, _ := p.acted()
			if p.continues && s.since.After(w.start) && s.since.Before(began) {
				began = s.since
			}
			is = &lasting{name: NamePool, reason: s.state, start: began, attributes: []Attribute{{KeyPool, s.name}}}
			if s.op != "" {
				is.attributes = append(is.attributes, Attribute{KeyPoolOp, s.op})
			}
			w.pools[s.name] = is
		case is != nil && s.state != is.reason && s.state != "":
			is.events = append(is.events, Event{At: p.now, Name: "state", Attributes: []Attribute{{KeyState, s.state}}})
			is.reason = s.state
		}
		if is != nil && !s.pending {
			is.attributes = append(is.attributes, Attribute{KeyPoolSize, s.size}, Attribute{KeyPoolNodes, s.nodes})
			out = append(out, w.span(*is, p.now, s.name))
			delete(w.pools, s.name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.pools)) {
		if !wanted[name] { // nothing on this way waits for it any more
			out = append(out, w.span(*w.pools[name], p.now, name))
			delete(w.pools, name)
		}
	}
	return out
}

// leave ends the spans of pools that nothing waits for any more.
func (w *way) leave(now time.Time) []Span {
	var out []Span
	for _, name := range slices.Sorted(maps.Keys(w.pools)) {
		out = append(out, w.span(*w.pools[name], now, name))
	}
	clear(w.pools)
	return out
}

// recorded returns the span of a status commit that says something of a Workspace of the way.
func (w *way) recorded(p *passed) []Span {
	r, ok := p.ran(reconcile.StepRecord)
	if !ok || !slices.ContainsFunc(slices.Collect(maps.Keys(w.stops)), p.changes) {
		return nil
	}
	l := lasting{name: NameRecord, start: r.Began}
	if p.o.Recorded == "" {
		l.failed = "the status is not recorded"
	} else {
		l.attributes = []Attribute{{KeyStatus, p.o.Recorded}}
	}
	return []Span{w.span(l, r.Ended, timeID(r.Began))}
}

// changes reports whether the report on a Workspace is not the one before.
func (p *passed) changes(key workspace.Key) bool {
	was, is := p.previous[key], p.reports[key]
	return was == nil || is == nil || !was.Same(is)
}

// over reports whether no Workspace is on its way any more.
func (w *way) over() bool {
	for _, s := range w.stops {
		if s.result == "" {
			return false
		}
	}
	return true
}

// abandon ends a way that has not ended by itself.
func (w *way) abandon(now time.Time) []Span {
	var out []Span
	for _, key := range slices.SortedFunc(maps.Keys(w.stops), workspace.Key.Compare) {
		if s := w.stops[key]; s.result == "" {
			last := s.phase
			last.attributes = []Attribute{{KeyResult, Abandoned}}
			out = append(out, w.phase(key, last, now))
		}
	}
	return append(append(out, w.leave(now)...), w.end(now, Abandoned))
}

// end returns the span of the whole way.
func (w *way) end(now time.Time, result string) Span {
	results := map[string]int{}
	by := ""
	for _, key := range slices.SortedFunc(maps.Keys(w.stops), workspace.Key.Compare) {
		s := w.stops[key]
		results[s.result]++
		if s.by != "" && s.by != by {
			by = s.by
			w.events = append(w.events, Event{At: now, Name: Overtaken, Attributes: []Attribute{{KeyOvertaken, by}}})
		}
	}
	switch {
	case result != "":
	case results[Broken] > 0:
		result = Broken
	case results[Overtaken] > 0:
		result = Overtaken
	default:
		result = Done
	}
	l := lasting{name: NameCommit, start: w.start, attributes: w.attributes, events: w.events}
	l.attributes = append(l.attributes, Attribute{KeyWorkspaces, len(w.stops)}, Attribute{KeyResult, result})
	if by != "" {
		l.attributes = append(l.attributes, Attribute{KeyOvertaken, by})
	}
	if n := results[Broken]; n > 0 {
		l.failed = fmt.Sprintf("%d of %d Workspaces failed", n, len(w.stops))
	}
	root := w.span(l, now)
	root.Parent = [8]byte{}
	return root
}

// timeID tells spans apart that may come several times.
func timeID(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// span returns a span of the way; id tells it from others of its name.
func (w *way) span(l lasting, end time.Time, id ...string) Span {
	if end.Before(l.start) {
		end = l.start
	}
	return Span{
		Trace: w.trace, ID: spanOf(w.trace, append([]string{l.name}, id...)...), Parent: spanOf(w.trace, NameCommit),
		Name: l.name, Start: l.start, End: end, Attributes: l.attributes, Events: l.events, Failed: l.failed,
	}
}
