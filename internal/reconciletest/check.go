// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/status"
)

// CheckSettled fails the test unless
//
//   - four more passes write nothing, neither objects nor pools nor status;
//   - every Workspace runs that is not suspended, and for which limits and quota leave nodes;
//   - a Workspace needs every pool and every node;
//   - syncer has never written an unmanaged pool.
func (s *Simulator) CheckSettled(l *reconcile.Loop) {
	s.t.Helper()
	writes, commits := len(s.Azure.Written), len(s.Git.Messages)
	var last reconcile.Outcome
	for range 4 {
		last = s.Pass(l, time.Minute)
		if last.Changes.Writes() > 0 || last.PoolWrites > 0 {
			s.t.Errorf("settled, and a pass writes %v and %d pools", last.Changes, last.PoolWrites)
		}
	}
	if len(s.Azure.Written) != writes || len(s.Git.Messages) != commits {
		s.t.Errorf("settled, and passes wrote %v and %q", s.Azure.Written[writes:], s.Git.Messages[commits:])
	}
	if s.Azure.Foreign > 0 {
		s.t.Errorf("%d writes to unmanaged pools", s.Azure.Foreign)
	}
	unplaced := s.checkReports(last.Reports)
	s.checkPools(s.checkWorkloads(unplaced), unplaced)
	if s.t.Failed() {
		s.t.Fatal(s)
	}
}

// checkReports checks the states of all Workspaces, and returns the names of those that limits or quota leave without
// nodes.
func (s *Simulator) checkReports(reports []*status.Report) map[string]bool {
	s.t.Helper()
	unplaced := map[string]bool{}
	for _, r := range reports {
		reason := r.Conditions[0].Reason
		unplaced[r.Key.Name] = s.Limited() && (reason == "LimitReached" || reason == "QuotaExceeded")
		if unplaced[r.Key.Name] || strings.Contains(s.Git.File(r.Source), "suspend") {
			continue
		}
		if r.State == status.Pending || r.State == status.NotReady {
			s.t.Errorf("%s is %s: %+v", r.Key, r.State, r.Conditions)
		}
	}
	return unplaced
}

// checkWorkloads checks that every workload has its pods, and returns the pools that workloads need.
func (s *Simulator) checkWorkloads(unplaced map[string]bool) map[string]bool {
	s.t.Helper()
	needed := map[string]bool{}
	for _, w := range s.Azure.Nodes.Workloads() {
		needed[w.Pool] = true
		ready := 0
		for _, p := range s.Azure.Nodes.Pods(w.Name) {
			if s.Azure.Nodes.ReadyPod(p) {
				ready++
			}
		}
		if w.Finished == "" && ready != w.Replicas && !unplaced[strings.TrimPrefix(w.Name, "default/")] {
			s.t.Errorf("%s on pool %s has %d of %d pods", w.Name, w.Pool, ready, w.Replicas)
		}
	}
	return needed
}

// checkPools checks that all pools are idle and needed, with a pod on each node. The pool of a pending Workspace stays.
func (s *Simulator) checkPools(needed, unplaced map[string]bool) {
	s.t.Helper()
	nodes := s.Azure.Fake.Nodes()
	for _, p := range s.Owned() {
		if !needed[p.Name] && (p.Count > 0 || !unplaced[p.Workspace.Name]) {
			s.t.Errorf("no workload needs pool %s x%d", p.Name, p.Count)
		}
		if p.State != capacity.Succeeded {
			s.t.Errorf("pool %s is %s", p.Name, p.State)
		}
		for _, node := range nodes[p.Name] {
			if len(s.Azure.Nodes.On(node)) == 0 {
				s.t.Errorf("nothing runs on node %s", node)
			}
		}
	}
}
