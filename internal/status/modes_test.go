// SPDX-License-Identifier: Apache-2.0

package status

import (
	"errors"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// onKarpenter is a served Workspace on a node of Karpenter.
func onKarpenter() Input {
	in := served()
	in.Pool, in.Pools = nil, nil
	in.NodeSource = NodePools{}
	in.NodePool = &karpenter.NodePool{Name: "default-phi-4", Nodes: 1}
	in.NodePools = []cluster.NodePool{
		{Name: "default-phi-4", Workspace: in.Key, Claims: []cluster.NodeClaim{{Name: "c", Node: "n", Ready: true}}},
	}
	in.LiveNodes = []cluster.Node{
		{Name: "n", Ready: true, GPUs: 1, Labels: map[string]string{cluster.LabelNodePool: "default-phi-4"}},
		{Name: "other", Ready: true, GPUs: 1},
	}
	return in
}

func onExisting() Input {
	in := served()
	in.NodeSource, in.Pool, in.Pools = ExistingNodes{}, nil, nil
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
		"ready": {
			base:      onKarpenter,
			change:    func(*Input) {},
			state:     Ready,
			condition: "True/NodePoolReady",
			message:   "NodePool default-phi-4: 1 of 1 nodes",
		},
		"no Karpenter": {
			base: onKarpenter,
			change: func(in *Input) {
				in.NodePools, in.NodePoolErr, in.LiveNodes = nil, errors.New("there is none"), nil
			},
			state:     NotReady,
			condition: "False/NodePoolFailed",
			message:   "there is none",
		},
		"not created yet": {
			base:      onKarpenter,
			change:    func(in *Input) { in.NodePools, in.LiveNodes = nil, nil },
			state:     NotReady,
			condition: "False/NodePoolPending",
		},
		"held": {
			base: onKarpenter,
			change: func(in *Input) {
				in.NodePoolHeld, in.NodePools, in.LiveNodes = "too much", nil, nil
			},
			state:     NotReady,
			condition: "False/NodePoolHeld",
			message:   "too much",
		},
		"no claims": {
			base:      onKarpenter,
			change:    func(in *Input) { in.NodePools[0].Claims, in.LiveNodes = nil, nil },
			state:     NotReady,
			condition: "False/NodePoolNotReady",
			message:   "Karpenter has created no NodeClaim",
		},
		"no node class": {
			base: onKarpenter,
			change: func(in *Input) {
				in.NodePools[0].NotReady, in.LiveNodes = cluster.Failure{Reason: "NodeClassNotReady", Message: "gone"}, nil
			},
			state:     NotReady,
			condition: "False/NodePoolNotReady",
			message:   "NodeClassNotReady: gone",
		},
		"ready all the same": {
			base: onKarpenter,
			change: func(in *Input) {
				in.NodePools[0].NotReady = cluster.Failure{Reason: "NodeClassNotReady", Message: "gone"}
			},
			state:     Ready,
			condition: "True/NodePoolReady",
		},
		"failed claim": {
			base: onKarpenter,
			change: func(in *Input) {
				in.NodePools[0].Claims[0].Ready, in.LiveNodes = false, nil
				in.NodePools[0].Claims[0].Failure = cluster.Failure{Reason: "InsufficientCapacity", Message: "none left"}
			},
			state:     NotReady,
			condition: "False/InsufficientCapacity",
			message:   "0 of 1 nodes, NodeClaim c: none left",
		},
		"node without its GPUs": {
			base:      onKarpenter,
			change:    func(in *Input) { in.LiveNodes[0].GPUs = 0 },
			state:     NotReady,
			condition: "False/NodePoolNotReady",
			message:   "0 of 1 nodes",
		},
		"cannot be changed": {
			base:      onKarpenter,
			change:    func(in *Input) { in.NodePoolErr = errors.New("immutable") },
			state:     Ready,
			condition: "True/NodePoolReady",
			message:   "syncer cannot change it: immutable",
		},
		"being deleted": {
			base:      onKarpenter,
			change:    func(in *Input) { in.NodePools[0].Deleting = true },
			state:     NotReady,
			condition: "False/NodePoolNotReady",
			message:   "is being deleted",
		},
		"suspended": {
			base: onKarpenter,
			change: func(in *Input) {
				in.Workspace.Annotations = map[string]string{workspace.AnnotationSuspend: "true"}
				in.NodePool.Nodes, in.NodePools = 0, nil
			},
			state:     NotReady,
			condition: "False/Suspended",
			message:   "Karpenter removes its nodes",
		},
		"finished": {
			base: func() Input {
				in := onKarpenter()
				in.Workspace = &workspace.Workspace{Key: in.Key, Tuning: &workspace.Tuning{}}
				in.Workload = &cluster.Workload{Complete: true, Inputs: "d1"}
				return in
			},
			change: func(in *Input) {
				in.Finished, in.NodePool.Nodes, in.NodePools = true, 0, nil
			},
			state:     Succeeded,
			condition: "True/NodePoolReleased",
			message:   "the job is over",
		},
		"existing": {
			base:      onExisting,
			change:    func(*Input) {},
			state:     Ready,
			condition: "True/NodesReady",
			message:   "1 of 1 nodes",
		},
		"existing, GPUs taken": {
			base: onExisting,
			change: func(in *Input) {
				in.NodeFailure, in.Workload.Ready = cluster.Failure{Reason: "GPUsTaken", Message: "by others"}, 0
			},
			state:     NotReady,
			condition: "False/GPUsTaken",
			message:   "by others",
		},
		"existing, slices": {
			base: onExisting,
			change: func(in *Input) {
				in.LiveNodes[0].GPUs, in.LiveNodes[0].Slices = 0, map[string]int64{"1g.10gb": 7}
			},
			state:     Ready,
			condition: "True/NodesReady",
		},
		"existing, none is left": {
			base: onExisting,
			change: func(in *Input) {
				in.Waiting, in.LiveNodes, in.Nodes, in.InstanceType, in.Objects = true, nil, 0, "", nil
				in.NodeFailure = cluster.Failure{Reason: "NodesMissing", Message: "0 of 1 nodes"}
			},
			state:     NotReady,
			condition: "False/NodesMissing",
			message:   "0 of 1 nodes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			in := tt.base()
			tt.change(&in)
			before := Report{State: Ready, TargetNodeCount: 1, InstanceType: "a", Objects: []string{"StatefulSet/phi-4"}}
			r := Observe(&before, in, t0)
			if r.State != tt.state {
				t.Errorf("state %s, want %s", r.State, tt.state)
			}
			if c := r.Conditions[0]; c.Type != ResourceReady || c.Status+"/"+c.Reason != tt.condition ||
				!strings.Contains(c.Message, tt.message) {
				t.Errorf("condition %+v, want %s with %q", c, tt.condition, tt.message)
			}
			if len(in.NodePools) > 0 && (len(r.Pools) != 1 || r.Pools[0].Name != "default-phi-4") {
				t.Errorf("pools %+v", r.Pools)
			}
			if in.Waiting && (r.TargetNodeCount != 1 || r.InstanceType != "a" || len(r.Objects) != 1) {
				t.Errorf("the report omits live objects: %+v", r)
			}
		})
	}
}
