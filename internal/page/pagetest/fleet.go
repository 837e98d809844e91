// SPDX-License-Identifier: Apache-2.0

package pagetest

import (
	"fmt"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diff"
	"syncer.dev/syncer/internal/page/view"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/hold"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/weblink"
	"syncer.dev/syncer/internal/workspace"
)

// Now is the time of the fleets.
var Now = time.Date(2026, 6, 18, 14, 30, 0, 0, time.UTC)

// Cluster is the name of their cluster.
const Cluster = "demo"

// The commits of the source.
const (
	Commit  = "9be0d11aabbccddeeff00112233445566778899a"
	Earlier = "7ac01f2aabbccddeeff00112233445566778899a"
)

const (
	a100  = "Standard_NC24ads_A100_v4"
	a1004 = "Standard_NC96ads_A100_v4"
	h100  = "Standard_NC40ads_H100_v5"
	a10   = "Standard_NV36ads_A10_v5"
)

// fleet collects the Workspaces of a fleet.
type fleet struct{ view.Facts }

// one is a Workspace in short.
type one struct {
	namespace, name  string
	state            status.State
	model            string
	size             string
	nodes, gpus      int
	hourly           float64
	age              time.Duration
	pool             string
	ready, why       string // reason and message of ResourceReady, if it is not met
	serving, problem string // reason and message of the condition of serving or of the job, if it is not met
	tuning           bool
}

func (f *fleet) add(w one) *status.Report {
	key := workspace.Key{Namespace: w.namespace, Name: w.name}
	since := Now.Add(-w.age)
	met := func(kind, reason, bad, message, good string) status.Condition {
		c := status.Condition{Type: kind, Status: "True", Reason: reason, Message: good, LastTransitionTime: since}
		if bad != "" {
			c.Status, c.Reason, c.Message = "False", bad, message
		}
		return c
	}
	kind, object := status.InferenceReady, "StatefulSet/"+w.name
	if w.tuning {
		kind, object = status.JobStarted, "Job/"+w.name
	}
	r := &status.Report{
		Key: key, State: w.state, ObservedCommit: Commit, Source: "workspaces/" + w.namespace + "/" + w.name + ".yaml",
		Model: w.model, Revision: "a90b62ae1f2c4a5d8e7b9c0d1e2f3a4b5c6d7e8f", FirstSeen: since.Add(-20 * time.Minute),
		InstanceType: w.size, TargetNodeCount: w.nodes, HourlyCost: fmt.Sprintf("%.2f", w.hourly),
		MonthlyCost: fmt.Sprintf("%.2f", w.hourly*capacity.HoursPerMonth), PricesDate: "2026-06-17",
		Runtime: "vllm", Why: "the cheapest size on which the model fits",
		Objects: []string{object, "Service/" + w.name, "ConfigMap/" + w.name + "-config"},
	}
	if w.hourly == 0 {
		r.HourlyCost, r.MonthlyCost = "", ""
	}
	if !w.tuning && w.pool != "" {
		r.Endpoint = fmt.Sprintf("http://%s.%s.svc:80", w.name, w.namespace)
	}
	nodes := fmt.Sprintf("pool %s: %d of %d nodes", w.pool, w.nodes, w.nodes)
	r.Conditions = append(r.Conditions, met(status.ResourceReady, "PoolReady", w.ready, w.why, nodes),
		met(kind, "WorkspaceInferenceStatusSuccess", w.serving, w.problem, "1 of 1 replicas are ready"))
	live := cluster.Workload{
		Ref: cluster.Ref{
			Group: "apps", Version: "v1", Kind: object[:len(object)-len(w.name)-1], Namespace: w.namespace,
			Name: w.name,
		}, GPUs: int64(w.gpus / max(w.nodes, 1)), Current: true, Replicas: int64(w.nodes), Pool: w.pool,
	}
	if w.ready == "" && w.pool != "" {
		r.Pools = []status.Pool{{Name: w.pool, State: "Succeeded", Nodes: w.nodes}}
		for i := range w.nodes {
			node := fmt.Sprintf("aks-%s-12345678-vmss00000%d", w.pool, i)
			r.WorkerNodes = append(r.WorkerNodes, node)
			f.State.Nodes = append(f.State.Nodes, cluster.Node{
				Name: node, Pool: w.pool, InstanceType: w.size, Ready: true, GPUs: int64(w.gpus / w.nodes),
			})
			pod := cluster.Pod{
				Name: fmt.Sprintf("%s-%d", w.name, i), Node: node, Phase: "Running", Ready: w.serving == "",
				Start: cluster.Start{AtLeast: 90 * time.Second, AtMost: 4*time.Minute + 12*time.Second},
			}
			if w.state == status.Failed || w.state == status.NotReady {
				pod.Reason, pod.Message = w.serving, w.problem
			}
			live.Pods = append(live.Pods, pod)
		}
		f.Pools = append(f.Pools, capacity.LivePool{
			Name: w.pool, Size: w.size, Count: w.nodes, State: capacity.Succeeded, Owned: true, Workspace: key,
		})
	}
	f.State.Workloads[key] = live
	f.Reports = append(f.Reports, r)
	f.Plan.Workspaces = append(f.Plan.Workspaces, &plan.Workspace{
		Key: key, Op: plan.NoOp, Source: r.Source, Preset: "preset", InstanceType: w.size, Nodes: w.nodes, GPUs: w.gpus,
		Pool: w.pool, Reason: "the cheapest size on which the model fits",
		Before: plan.Values{Model: w.model, Runtime: "vllm", InstanceType: w.size, Nodes: w.nodes, GPUs: w.gpus},
		After:  plan.Values{Model: w.model, Runtime: "vllm", InstanceType: w.size, Nodes: w.nodes, GPUs: w.gpus},
	})
	return r
}

// planned returns the entry of the last Workspace in the plan.
func (f *fleet) planned() *plan.Workspace { return f.Plan.Workspaces[len(f.Plan.Workspaces)-1] }

func empty() *fleet {
	return &fleet{view.Facts{
		Cluster: Cluster, Commit: Commit, At: Now.Add(-8 * time.Second),
		Links: weblink.Of("https://github.com/team/models.git", ""),
		State: cluster.State{Workloads: map[workspace.Key]cluster.Workload{}},
		Plan:  plan.Plan{Cluster: Cluster, Region: "westeurope", Head: Commit, Base: plan.Live},
	}}
}

// Fleet has Workspaces in each state, with what there is to say about them.
func Fleet() view.Facts {
	f := empty()
	f.add(one{
		namespace: "chat", name: "llama-3-3-70b", state: status.Ready, model: "meta-llama/Llama-3.3-70B-Instruct",
		size: a1004, nodes: 1, gpus: 4, hourly: 14.69, age: 75 * time.Hour, pool: "wllama70b",
	})
	f.add(one{
		namespace: "chat", name: "mistral-small", state: status.Ready,
		model: "mistralai/Mistral-Small-3.2-24B-Instruct-2506", size: h100, nodes: 1, gpus: 1, hourly: 6.98,
		age: 26 * time.Hour, pool: "wmistral",
	})
	f.add(one{
		namespace: "chat", name: "phi-4", state: status.Ready, model: "microsoft/phi-4", size: a100, nodes: 1, gpus: 1,
		hourly: 3.67, age: 5 * time.Hour, pool: "wphi4",
	})
	held(f)
	f.add(one{
		namespace: "chat", name: "qwen3-8b", state: status.NotReady, model: "Qwen/Qwen3-8B", size: a10, nodes: 1,
		gpus: 1, hourly: 3.20, age: 11 * time.Minute, pool: "wqwen8b", serving: "ContainerOOMKilled",
		problem: "pod qwen3-8b-0: container model was killed for memory (exit code 137)",
	})
	unplaced(f)
	f.add(one{
		namespace: "research", name: "deepseek-r1-distill", state: status.Pending,
		model: "deepseek-ai/DeepSeek-R1-Distill-Llama-70B", size: a1004, nodes: 2, gpus: 8, hourly: 29.38,
		age: 4 * time.Minute, pool: "wdeepseek", ready: "PoolNotReady", why: "pool wdeepseek: 0 of 2 nodes, Creating",
		serving: "WorkspaceInferenceStatusPending", problem: "the model is not served yet",
	})
	f.Pools = append(f.Pools, capacity.LivePool{
		Name: "wdeepseek", Size: a1004, Count: 2, State: capacity.Creating, Owned: true,
		Workspace: workspace.Key{Namespace: "research", Name: "deepseek-r1-distill"},
	})
	f.add(one{
		namespace: "research", name: "gemma-3-27b", state: status.Failed, model: "google/gemma-3-27b-it",
		age: 42 * time.Minute, ready: "InvalidValue",
		why:     "workspaces/research/gemma-3-27b.yaml:14:7: inference.preset.name: unknown preset \"gemma-3-27\"",
		serving: "InvalidValue",
		problem: "workspaces/research/gemma-3-27b.yaml:14:7: inference.preset.name: unknown preset \"gemma-3-27\"",
	})
	f.planned().Blocked = []string{
		"workspaces/research/gemma-3-27b.yaml:14:7: inference.preset.name: unknown preset \"gemma-3-27\" " +
			"(did you mean gemma-3-27b?)",
	}
	f.add(one{
		namespace: "research", name: "tune-llama-8b", state: status.Running, tuning: true,
		model: "meta-llama/Llama-3.1-8B-Instruct", size: a100, nodes: 1, gpus: 1, hourly: 3.67, age: 95 * time.Minute,
		pool: "wtune8b",
	})
	f.add(one{
		namespace: "research", name: "tune-phi-3", state: status.Succeeded, tuning: true,
		model: "microsoft/Phi-3-mini-128k-instruct", age: 50 * time.Hour,
	})
	f.add(one{
		namespace: "support", name: "embeddings", state: status.Ready, model: "BAAI/bge-m3", size: a10, nodes: 2,
		gpus: 2, hourly: 6.40, age: 9 * 24 * time.Hour, pool: "wembed",
	})
	f.add(one{
		namespace: "support", name: "rerank", state: status.Ready, model: "", size: a10, nodes: 1, gpus: 1,
		hourly: 3.20, age: 3 * time.Hour, pool: "wrerank",
	})
	return f.finish()
}

// held lets a change of the last Workspace wait for a review.
func held(f *fleet) {
	r, w := f.Reports[len(f.Reports)-1], f.planned()
	const why = "its plan was not reviewed: no pull request has shown it; " +
		"to accept it, push a commit with the trailer \"Syncer-Accept-Plan: 5f2a90c1d3\""
	r.DesiredCommit, r.ObservedCommit = Commit, Earlier
	r.Conditions = append(r.Conditions, status.Condition{
		Type: status.Applied, Status: "False", Reason: string("NotReviewed"),
		Message:            "commit 9be0d11aabbc is not carried out: " + why + "; commit 7ac01f2aabbc runs",
		LastTransitionTime: Now.Add(-25 * time.Minute),
	})
	w.Op, w.Held, w.HeldBy = plan.Hold, why, hold.ByPolicy
	w.After.InstanceType, w.After.ContextLength, w.Before.ContextLength = h100, 65536, 16384
	w.Before.HourlyCost = capacity.Cost{USD: 3.67, Known: true}
	w.After.HourlyCost = capacity.Cost{USD: 6.98, Known: true}
	f.Plan.Changes = append(f.Plan.Changes, &plan.Change{
		Workspace: w.Key, Op: plan.Hold, Target: "StatefulSet/phi-4", Namespace: "chat", Reason: why, Held: true,
		Texts: diff.Given(diff.Diff{Unified: "x", Fields: []diff.Field{{
			Path:  "spec.template.spec.containers[model].args",
			Lines: []string{"-- --max-model-len=16384", "+- --max-model-len=65536"},
		}}}),
	})
}

// unplaced adds a Workspace for which there is no quota.
func unplaced(f *fleet) {
	const why = "48 vCPU of StandardNCadsH100v5Family short: limit 80, used 40, needed 88; ask for a limit of 128 vCPU"
	f.add(one{
		namespace: "chat", name: "qwen3-235b", state: status.Pending, model: "Qwen/Qwen3-235B-A22B-Instruct-2507",
		gpus: 8, age: 2 * time.Hour, ready: "QuotaExceeded", why: why, serving: "WorkspaceInferenceStatusPending",
		problem: "the model is not served yet",
	})
	w := f.planned()
	w.Op, w.Unplaced, w.Pool, w.Reason = plan.Hold, why, "", ""
	w.WaitsFor = []capacity.Ahead{{
		Workspace: workspace.Key{Namespace: "research", Name: "deepseek-r1-distill"}, Why: "it was there before",
	}}
	sku, _ := capacity.LookupSKU("Standard_NC80adis_H100_v5")
	w.Sizes = []capacity.Verdict{
		{
			SKU: sku, Option: capacity.Option{Nodes: 2, HourlyCost: capacity.Cost{USD: 27.92, Known: true}},
			Obstacles: []capacity.Obstacle{{Check: capacity.CheckQuota, Message: why}},
		},
		{
			SKU:       capacity.SKU{Name: a10},
			Obstacles: []capacity.Obstacle{{Check: capacity.CheckMemory, Message: "the model does not fit into 24 GiB"}},
		},
	}
}

// finish adds what belongs to the whole cluster.
func (f *fleet) finish() view.Facts {
	for i := range f.Pools {
		p := &f.Pools[i]
		var cost float64
		for _, r := range f.Reports {
			if r.Key == p.Workspace {
				fmt.Sscanf(r.HourlyCost, "%f", &cost)
			}
		}
		f.Plan.Cost.Before.USD += cost
		f.Plan.Changes = append(f.Plan.Changes, &plan.Change{
			Op: plan.NoOp, Target: "Pool/" + p.Name, Workspace: p.Workspace,
			Pool: &capacity.PoolChange{
				Op: capacity.Keep, Name: p.Name, Live: p, LiveCost: capacity.Cost{USD: cost, Known: true},
			},
		})
	}
	f.Plan.Cost.Before.Known = true
	f.Plan.Cost.After = f.Plan.Cost.Before
	f.Limits = capacity.Limits{HourlyCost: 100, Nodes: 20}
	known := func(used, max int) capacity.Limit { return capacity.Limit{Used: used, Max: max, Known: true} }
	f.Quota = capacity.Quota{
		Regional: known(412, 600), Spot: known(0, 100),
		Families: map[string]capacity.Limit{
			"standardncadsa100v4family": known(336, 384), "standardncadsh100v5family": known(40, 80),
			"standardnvadsa10v5family": known(144, 144), "standardndsh100v5family": known(0, 192),
		},
	}
	f.Unavailable = []unavailable.Entry{{
		Size: "Standard_ND96isr_H100_v5", Code: "AllocationFailed",
		Reason: "Azure has no capacity for the size in the region",
		Since:  Now.Add(-20 * time.Minute), Until: Now.Add(40 * time.Minute), Priority: capacity.OnDemand,
	}}
	return f.Facts
}

// Large has n Workspaces in ten namespaces.
func Large(n int) view.Facts {
	f := empty()
	states := []status.State{
		status.Ready, status.Ready, status.Ready, status.Ready, status.Pending, status.Ready,
		status.Running, status.Ready, status.Failed, status.Ready,
	}
	for i := range n {
		w := one{
			namespace: fmt.Sprintf("team-%d", i/max(1, (n+9)/10)), name: fmt.Sprintf("model-%05d", i), state: states[i%10],
			model: "microsoft/phi-4", size: a100, nodes: 1, gpus: 1, hourly: 3.67, age: time.Duration(i) * time.Minute,
			tuning: states[i%10] == status.Running,
		}
		if w.state != status.Ready && w.state != status.Running {
			w.serving, w.problem = "ContainerStartError", "pod 0: the container does not start"
		}
		f.add(w)
	}
	return f.finish()
}
