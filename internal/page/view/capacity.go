// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/workspace"
)

// Capacity is what the cluster has, and what it may get.
type Capacity struct {
	Limits      []Gauge
	Pools       []Pool
	Sizes       []Nodes // of nodes that are in no pool of syncer
	Quota       []Gauge
	QuotaNote   string // why the quota is unknown, or what is left out
	Shortages   []string
	Unavailable []Offering
}

// Gauge is a limit, and how much of it is used.
type Gauge struct {
	Name string
	Unit string // "vCPU", "nodes", "USD/h"
	Part Part
}

// Pool is an agent pool of syncer, or a NodePool of Karpenter.
type Pool struct {
	Name      string
	Size      string
	State     string
	Note      string // an error, or what syncer does about the pool; "" for nothing
	Spot      bool
	Shared    bool
	Workspace workspace.Key // zero for a shared pool
	Nodes     Part          // ready, of those that are desired
	GPUs      Part          // that pods of Workspaces have, of those of the nodes
	Cost      Money
}

// Nodes are nodes of one size.
type Nodes struct {
	Size  string
	Ready Part
	GPUs  Part
}

// Offering is something that Azure refuses for now.
type Offering struct {
	What, Reason string
	Until        time.Time
}

// Capacity returns the capacity of the cluster. It is for clients who may see the whole cluster.
func (b *Board) Capacity() Capacity {
	out := Capacity{Shortages: b.shortages()}
	used := b.gpusByNode()
	nodes := map[string][]cluster.Node{}
	for _, n := range b.facts.State.Nodes {
		nodes[n.Pool] = append(nodes[n.Pool], n)
	}
	ours := map[string]bool{}
	for _, p := range b.agentPools() {
		ours[p.Name] = true
		p.Nodes.Used, p.GPUs = count(nodes[p.Name], used)
		out.Pools = append(out.Pools, p)
	}
	for _, p := range b.facts.State.NodePools {
		out.Pools = append(out.Pools, b.nodePool(p, used))
	}
	slices.SortFunc(out.Pools, func(x, y Pool) int { return strings.Compare(x.Name, y.Name) })
	out.Sizes = b.otherNodes(ours, used)
	out.Limits = b.limits(out.Pools)
	out.Quota, out.QuotaNote = b.quota()
	for _, e := range b.facts.Unavailable {
		out.Unavailable = append(out.Unavailable, Offering{
			What: text(strings.Join(slices.DeleteFunc([]string{
				cmp.Or(e.Size, e.Family), string(e.Priority), zone(e.Zone), string(e.Constraint),
			}, func(s string) bool { return s == "" }), ", ")),
			Reason: text(e.Code + ": " + e.Reason),
			Until:  e.Until,
		})
	}
	return out
}

func zone(name string) string {
	if name == "" {
		return ""
	}
	return "zone " + name
}

// agentPools returns the pools of syncer, live and desired, without figures of their nodes.
func (b *Board) agentPools() []Pool {
	byName := map[string]*Pool{}
	for i := range b.facts.Pools {
		l := &b.facts.Pools[i]
		if !l.Owned {
			continue
		}
		p := &Pool{
			Name: text(l.Name), Size: text(l.Size), State: text(string(l.State)), Spot: l.Spot, Shared: l.Shared(),
			Workspace: l.Workspace, Nodes: Part{Of: float64(l.Count)},
		}
		if l.ErrorCode != "" {
			p.Note = text(l.ErrorCode + ": " + l.Error)
		}
		byName[l.Name] = p
	}
	for i := range b.facts.Plan.Changes {
		c := b.facts.Plan.Changes[i].Pool
		if c == nil {
			continue
		}
		p := byName[c.Name]
		if p == nil {
			if c.Desired == nil {
				continue
			}
			p = &Pool{
				Name: text(c.Name), Size: text(c.Desired.SKU.Name), State: "Planned", Spot: c.Desired.Spot,
				Shared: c.Desired.Workspace == workspace.Key{}, Workspace: c.Desired.Workspace,
			}
			byName[c.Name] = p
		}
		if c.Live != nil {
			p.Cost = moneyFor(c.LiveCost)
		}
		if c.Desired != nil {
			p.Nodes.Of = float64(c.Desired.Count)
		}
		if why := b.facts.Plan.Changes[i].Reason; why != "" && p.Note == "" && c.Op != capacity.Keep {
			p.Note = text(why)
		}
	}
	out := make([]Pool, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, *byName[name])
	}
	return out
}

func (b *Board) nodePool(p cluster.NodePool, used map[string]int64) Pool {
	var nodes []cluster.Node
	for _, n := range b.facts.State.Nodes {
		if n.Labels[cluster.LabelNodePool] == p.Name {
			nodes = append(nodes, n)
		}
	}
	out := Pool{Name: text(p.Name), State: "Ready", Workspace: p.Workspace, Nodes: Part{Of: float64(len(p.Claims))}}
	out.Nodes.Used, out.GPUs = count(nodes, used)
	if len(nodes) > 0 {
		out.Size = text(nodes[0].InstanceType)
	}
	if p.NotReady.Reason != "" {
		out.State, out.Note = "NotReady", text(p.NotReady.Reason+": "+p.NotReady.Message)
	}
	for _, c := range p.Claims {
		if c.Failure.Reason != "" && out.Note == "" {
			out.Note = text(c.Failure.Reason + ": " + c.Failure.Message)
		}
	}
	return out
}

// otherNodes sums up the nodes that are in no pool of syncer, by their size.
func (b *Board) otherNodes(ours map[string]bool, used map[string]int64) []Nodes {
	bySize := map[string][]cluster.Node{}
	for _, n := range b.facts.State.Nodes {
		if n.GPUs > 0 && !ours[n.Pool] && n.Labels[cluster.LabelNodePool] == "" {
			bySize[n.InstanceType] = append(bySize[n.InstanceType], n)
		}
	}
	var out []Nodes
	for _, size := range slices.Sorted(maps.Keys(bySize)) {
		n := Nodes{Size: text(cmp.Or(size, "unknown size")), Ready: Part{Of: float64(len(bySize[size]))}}
		n.Ready.Used, n.GPUs = count(bySize[size], used)
		out = append(out, n)
	}
	return out
}

// count counts the ready nodes, and their GPUs.
func count(nodes []cluster.Node, used map[string]int64) (ready float64, gpus Part) {
	for _, n := range nodes {
		if n.Ready {
			ready++
		}
		gpus.Of += float64(n.GPUs)
		gpus.Used += float64(used[n.Name] + n.Taken)
	}
	return ready, gpus
}

// gpusByNode counts the GPUs that pods of Workspaces have, by node.
func (b *Board) gpusByNode() map[string]int64 {
	out := map[string]int64{}
	for key := range b.facts.State.Workloads {
		w := b.facts.State.Workloads[key]
		for _, p := range w.Pods {
			if p.Node != "" && !p.Ended() {
				out[p.Node] += w.GPUs
			}
		}
	}
	return out
}

// limits returns the limits of the configuration.
func (b *Board) limits(pools []Pool) []Gauge {
	var nodes, cost float64
	for _, p := range pools {
		nodes += p.Nodes.Of
		cost += p.Cost.USD
	}
	var out []Gauge
	if l := b.facts.Limits; l.Nodes > 0 {
		out = append(out, Gauge{"capacity.limits.nodes", "nodes", Part{nodes, float64(l.Nodes)}})
	}
	if l := b.facts.Limits; l.HourlyCost > 0 {
		out = append(out, Gauge{"capacity.limits.hourlyCost", "USD/h", Part{cost, l.HourlyCost}})
	}
	return out
}

// quota returns the quotas that something is used of, and that of the region, the fullest first.
func (b *Board) quota() (gauges []Gauge, note string) {
	q := b.facts.Quota
	if b.facts.QuotaError != "" {
		return nil, "The quota is unknown: " + text(b.facts.QuotaError)
	}
	add := func(name string, l capacity.Limit) {
		gauges = append(gauges, Gauge{name, "vCPU", Part{float64(l.Used), float64(l.Max)}})
	}
	unused := 0
	for name, l := range q.Families {
		switch {
		case !l.Known:
		case l.Used > 0:
			add(text(familyName(name)), l)
		case l.Max > 0:
			unused++
		}
	}
	slices.SortFunc(gauges, func(x, y Gauge) int {
		return cmp.Or(cmp.Compare(y.Part.Percent(), x.Part.Percent()), strings.Compare(x.Name, y.Name))
	})
	if q.Spot.Known && (q.Spot.Used > 0 || q.Spot.Max > 0) {
		gauges = slices.Insert(gauges, 0, Gauge{"All spot machines", "vCPU", Part{float64(q.Spot.Used), float64(q.Spot.Max)}})
	}
	if q.Regional.Known {
		all := Gauge{"All families of the region", "vCPU", Part{float64(q.Regional.Used), float64(q.Regional.Max)}}
		gauges = slices.Insert(gauges, 0, all)
	}
	if unused > 0 {
		note = fmt.Sprintf("%s a quota and no machines.", families(unused))
	}
	return gauges, note
}

func families(n int) string {
	if n == 1 {
		return "1 family has"
	}
	return fmt.Sprintf("%d families have", n)
}

// familyName returns the name of a family as users know it: its key is that of a SKU in lower case.
func familyName(key string) string {
	for s := range capacity.SKUs() {
		if strings.EqualFold(s.Family, key) {
			return s.Family
		}
	}
	return key
}

func (b *Board) shortages() []string {
	var out []string
	for _, s := range b.facts.Plan.Shortages() {
		out = append(out, text(s))
	}
	return out
}
