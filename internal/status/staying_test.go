// SPDX-License-Identifier: Apache-2.0

package status

import (
	"testing"
	"time"

	"syncer.dev/syncer/internal/cluster"
)

// TestStayingFollowsWhatIsLive: a Workspace whose file is gone, and whose deletion is held back, is as ready as what is
// live of it, and not as it was when its file went.
func TestStayingFollowsWhatIsLive(t *testing.T) {
	pending := &cluster.Workload{Current: true, Replicas: 1, Pods: []cluster.Pod{{Name: "phi-4-0", Phase: "Pending"}}}
	placed := &cluster.Workload{Current: true, Replicas: 1, Pods: []cluster.Pod{{Name: "phi-4-0", Node: "aks-wphi-0"}}}
	running := &cluster.Workload{Active: 1, Inputs: "d1", Pods: []cluster.Pod{{Phase: "Running"}}}
	done := &cluster.Workload{Complete: true, Inputs: "d1"}
	for name, tt := range map[string]struct {
		first Input
		live  []*cluster.Workload // one pass after the other, while the deletion is held back
		want  State
		nodes string // status of ResourceReady
	}{
		"it serves":               {served(), []*cluster.Workload{served().Workload}, Ready, "True"},
		"its pod has no node":     {served(), []*cluster.Workload{pending}, NotReady, "False"},
		"its pod is on its node":  {served(), []*cluster.Workload{placed}, NotReady, "True"},
		"its StatefulSet is gone": {served(), []*cluster.Workload{nil}, NotReady, "False"},
		"it serves again":         {served(), []*cluster.Workload{pending, served().Workload}, Ready, "True"},
		"its job runs":            {withJob(running), []*cluster.Workload{running}, Running, "True"},
		"its job has ended":       {withJob(running), []*cluster.Workload{{Complete: true}}, Succeeded, "True"},
		"its job is gone":         {withJob(running), []*cluster.Workload{nil}, Pending, "True"},
		"its job is gone, done":   {withJob(done), []*cluster.Workload{nil}, Pending, "True"},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
			r := Observe(nil, tt.first, now)
			for _, live := range tt.live {
				r = Observe(&r, Input{Key: r.Key, Commit: "c2", Source: r.Source, Workload: live, Held: "too many"}, now)
			}
			if r.State != tt.want {
				t.Errorf("%s, want %s: %+v", r.State, tt.want, r.Conditions)
			}
			for _, c := range r.Conditions {
				green := c.Type == InferenceReady || c.Type == WorkspaceSucceeded
				if c.Type == ResourceReady && c.Status != tt.nodes {
					t.Errorf("%+v", c)
				}
				if done := tt.want == Ready || tt.want == Succeeded; green && (c.Status == "True") != done {
					t.Errorf("%s, and %+v", r.State, c)
				}
			}
		})
	}
}

func withJob(w *cluster.Workload) Input {
	in := tuned()
	in.Workload = w
	return in
}
