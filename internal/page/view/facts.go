// SPDX-License-Identifier: Apache-2.0

package view

import (
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/weblink"
	"syncer.dev/syncer/internal/workspace"
)

// Facts are what is known about a cluster after a pass. Nothing in them changes any more.
type Facts struct {
	Cluster string
	Commit  string // of the source; "" if none could be read
	Links   weblink.Links
	At      time.Time // when the pass ended
	// Role says what this process does where several share the cluster; "" if it is alone.
	Role    string
	Failing []Failing // components that do not answer

	Reports  []*status.Report // in the order of their keys
	Problems []diag.Diagnostic
	Plan     plan.Plan

	State       cluster.State
	Pools       []capacity.LivePool
	Quota       capacity.Quota
	QuotaError  string // why the quota is unknown; "" if it is not, or not needed
	Limits      capacity.Limits
	Unavailable []unavailable.Entry
}

// Failing is a component of syncer that does not answer.
type Failing struct {
	Component string
	Text      string
	Since     time.Time // of its last answer; zero if it has never answered
}

// Board is what the views of one cluster have in common. It is immutable, and safe for concurrent use.
type Board struct {
	facts   Facts
	rows    []row // in the order of the reports
	at      map[workspace.Key]int
	planned map[workspace.Key]*plan.Workspace
}

// row is a Report with what the fleet is sorted and counted by.
type row struct {
	report *status.Report
	since  time.Time
	gpus   int
	cost   Money
}

// New returns the Board of a cluster.
func New(f Facts) *Board {
	b := &Board{
		facts:   f,
		rows:    make([]row, len(f.Reports)),
		at:      make(map[workspace.Key]int, len(f.Reports)),
		planned: make(map[workspace.Key]*plan.Workspace, len(f.Plan.Workspaces)),
	}
	for i := range f.Plan.Workspaces {
		w := f.Plan.Workspaces[i]
		b.planned[w.Key] = w
	}
	for i := range f.Reports {
		r := f.Reports[i]
		b.at[r.Key] = i
		b.rows[i] = row{report: r, since: r.Since(), cost: moneyOf(r.HourlyCost)}
		if w := b.planned[r.Key]; w != nil {
			b.rows[i].gpus = w.GPUs
		}
	}
	return b
}

// Links returns the links to the forge of the source.
func (b *Board) Links() weblink.Links { return b.facts.Links }

// Around is what every page of a cluster shows.
type Around struct {
	Commit    string // of the source; "" if none could be read
	CommitURL string
	Role      string
	Failing   []Failing
}

// Around returns what every page of the cluster shows.
func (b *Board) Around() Around {
	a := Around{
		Commit:    text(short(b.facts.Commit)),
		CommitURL: b.facts.Links.Commit(b.facts.Commit),
		Role:      text(b.facts.Role),
	}
	for _, f := range b.facts.Failing {
		a.Failing = append(a.Failing, Failing{text(f.Component), lines(f.Text), f.Since})
	}
	return a
}
