package status

import (
	"errors"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// onKarpenter is a Workspace that is served on a node that Karpenter has made.
func onKarpenter() Input {
	in := served()
	in.Pool, in.Pools = nil, nil
	in.NodePool = &capacity.NodePool{Name: "default-phi-4", Nodes: 1}
	in.NodePools = []cluster.NodePool{{Name: "default-phi-4", Workspace: in.Key, Claims: []cluster.NodeClaim{{Name: "c", Node: "n", Ready: true}}}}
	in.LiveNodes = []cluster.Node{{Name: "n", Ready: true, GPUs: 1, Labels: map[string]string{cluster.LabelNodePool: "default-phi-4"}}, {Name: "other", Ready: true, GPUs: 1}}
	return in
}

func onBrought() Input {
	in := served()
	in.Brought, in.Pool, in.Pools = true, nil, nil
	in.LiveNodes = in.LiveNodes[:1]
	return in
}

func TestObserveModes(t *testing.T) {
	for name, tt := range map[string]struct {
		base      func() Input
		change    func(*Input)
		state     State
		condition string // status/reason of ResourceReady
		message   string
	}{
		"ready":        {onKarpenter, func(*Input) {}, Ready, "True/NodePoolReady", "NodePool default-phi-4: 1 of 1 nodes"},
		"no Karpenter": {onKarpenter, func(in *Input) { in.NodePools, in.NodePoolErr, in.LiveNodes = nil, errors.New("there is none"), nil }, NotReady, "False/NodePoolFailed", "there is none"},
		"not made yet": {onKarpenter, func(in *Input) { in.NodePools, in.LiveNodes = nil, nil }, NotReady, "False/NodePoolPending", ""},
		"held back":    {onKarpenter, func(in *Input) { in.NodePoolHeld, in.NodePools, in.LiveNodes = "too much", nil, nil }, NotReady, "False/NodePoolHeld", "too much"},
		"no claims":    {onKarpenter, func(in *Input) { in.NodePools[0].Claims, in.LiveNodes = nil, nil }, NotReady, "False/NodePoolNotReady", "has not begun"},
		"no node class": {onKarpenter, func(in *Input) {
			in.NodePools[0].NotReady, in.LiveNodes = cluster.Trouble{Reason: "NodeClassNotReady", Message: "gone"}, nil
		}, NotReady, "False/NodePoolNotReady", "NodeClassNotReady: gone"},
		"ready all the same": {onKarpenter, func(in *Input) {
			in.NodePools[0].NotReady = cluster.Trouble{Reason: "NodeClassNotReady", Message: "gone"}
		}, Ready, "True/NodePoolReady", ""},
		"claim in trouble": {onKarpenter, func(in *Input) {
			in.NodePools[0].Claims[0].Ready, in.LiveNodes = false, nil
			in.NodePools[0].Claims[0].Trouble = cluster.Trouble{Reason: "InsufficientCapacity", Message: "none left"}
		}, NotReady, "False/InsufficientCapacity", "0 of 1 nodes, NodeClaim c: none left"},
		"node without its GPUs": {onKarpenter, func(in *Input) { in.LiveNodes[0].GPUs = 0 }, NotReady, "False/NodePoolNotReady", "0 of 1 nodes"},
		"cannot be changed":     {onKarpenter, func(in *Input) { in.NodePoolErr = errors.New("immutable") }, Ready, "True/NodePoolReady", "it cannot be changed: immutable"},
		"being deleted":         {onKarpenter, func(in *Input) { in.NodePools[0].Deleting = true }, NotReady, "False/NodePoolNotReady", "is being deleted"},
		"suspended": {onKarpenter, func(in *Input) {
			in.Workspace.Annotations = map[string]string{workspace.AnnotationSuspend: "true"}
			in.NodePool.Nodes, in.NodePools = 0, nil
		}, NotReady, "False/Suspended", "given back"},
		"finished": {func() Input {
			in := onKarpenter()
			in.Workspace, in.Workload = &workspace.Workspace{Key: in.Key, Tuning: &workspace.Tuning{}}, &cluster.Workload{Complete: true, Inputs: "d1"}
			return in
		}, func(in *Input) { in.Finished, in.NodePool.Nodes, in.NodePools = true, 0, nil }, Succeeded, "True/NodePoolReleased", "the job is over"},

		"brought": {onBrought, func(*Input) {}, Ready, "True/NodesReady", "1 of 1 nodes"},
		"brought, GPUs taken": {onBrought, func(in *Input) {
			in.NodeTrouble, in.Workload.Ready = cluster.Trouble{Reason: "GPUsTaken", Message: "by others"}, 0
		}, NotReady, "False/GPUsTaken", "by others"},
		"brought, slices": {onBrought, func(in *Input) { in.LiveNodes[0].GPUs, in.LiveNodes[0].Slices = 0, map[string]int64{"1g.10gb": 7} }, Ready, "True/NodesReady", ""},
		"brought, none is left": {onBrought, func(in *Input) {
			in.Waiting, in.LiveNodes, in.Nodes, in.InstanceType, in.Objects = true, nil, 0, "", nil
			in.NodeTrouble = cluster.Trouble{Reason: "NodesMissing", Message: "0 of 1 nodes"}
		}, NotReady, "False/NodesMissing", "0 of 1 nodes"},
	} {
		t.Run(name, func(t *testing.T) {
			in := tt.base()
			tt.change(&in)
			before := Report{State: Ready, TargetNodeCount: 1, InstanceType: "a", Objects: []string{"StatefulSet/phi-4"}}
			r := Observe(&before, in, t0)
			if r.State != tt.state {
				t.Errorf("state %s, want %s", r.State, tt.state)
			}
			if c := r.Conditions[0]; c.Type != ResourceReady || c.Status+"/"+c.Reason != tt.condition || !strings.Contains(c.Message, tt.message) {
				t.Errorf("condition %+v, want %s with %q", c, tt.condition, tt.message)
			}
			if len(in.NodePools) > 0 && (len(r.Pools) != 1 || r.Pools[0].Name != "default-phi-4") {
				t.Errorf("pools %+v", r.Pools)
			}
			if in.Waiting && (r.TargetNodeCount != 1 || r.InstanceType != "a" || len(r.Objects) != 1) {
				t.Errorf("what runs is forgotten: %+v", r)
			}
		})
	}
}
