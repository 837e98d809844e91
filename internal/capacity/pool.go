package capacity

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity/pack"
	"syncer.dev/syncer/internal/workspace"
)

// Labels of the nodes of our pools, besides the user's own.
const (
	LabelCluster            = "syncer.dev/cluster"
	LabelWorkspace          = "kaito.sh/workspace"
	LabelWorkspaceNamespace = "kaito.sh/workspacenamespace"
	LabelAgentPool          = "kubernetes.azure.com/agentpool" // set by AKS
)

// GPUTaint keeps ordinary pods off GPU nodes. It is KAITO's.
const GPUTaint = "sku=gpu:NoSchedule"

// Scaled returns the pool with another number of nodes.
func (p Pool) Scaled(count int) Pool {
	one := p.HourlyCost
	if p.Count > 0 {
		one.USD /= float64(p.Count)
	}
	p.Count, p.HourlyCost = count, one.Times(count)
	return p
}

// poolName makes a name that AKS accepts: w, up to four letters of the Workspace's name for people, and seven characters
// of a hash.
func poolName(cluster string, k workspace.Key, size string, spot bool) string {
	letters := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.TrimPrefix(k.Name, "workspace-"))
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%t", cluster, k, strings.ToLower(size), spot))
	hash := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))
	return "w" + letters[:min(4, len(letters))] + hash[:7]
}

// What AKS allows.
const (
	maxPools        = 100 // agent pools in a cluster
	maxNodesPerPool = pack.MaxNodes
)

// Situation is what PlanPools decides on.
type Situation struct {
	Desired []Pool
	Live    []LivePool
	Limits  Limits
	Region  string
	Prices  Prices // zero for the embedded list
	// Held returns why a pool that nothing asks for must stay, or "".
	Held func(LivePool) string
	// InUse returns what still runs on a pool, whoever's it is, in plain words, or "".
	InUse func(pool string) string
	// Empty returns the nodes of a pool on which nothing runs, in the order of their names.
	Empty func(pool string) []string
	// Eventual asks for where it ends, not for the next step.
	Eventual bool
}

// PlanPools compares the pools that should be with those that are. Pools of others, and system pools, do not appear among the
// changes, unless one of them is in the way. Deletions come last; everything is in the order of names.
func PlanPools(s Situation) []PoolChange {
	live := map[string]*LivePool{}
	for i := range s.Live {
		live[s.Live[i].Name] = &s.Live[i]
	}
	desired := slices.SortedFunc(slices.Values(s.Desired), func(a, b Pool) int { return strings.Compare(a.Name, b.Name) })
	budget := newBudget(s)
	var changes, deletions []PoolChange
	for i := range desired {
		p := &desired[i]
		c := PoolChange{Name: p.Name, Desired: p, Live: live[p.Name]}
		if c.Live != nil {
			c.LiveCost = s.cost(c.Live)
		}
		c.Op, c.Reason = decide(p, c.Live, budget)
		if c.Op == Update && c.Live != nil && p.Count < c.Live.Count {
			s.shrink(&c)
		}
		if c.Op == Keep && c.Live == nil {
			continue // nothing to scale to zero
		}
		changes = append(changes, c)
	}
	for _, l := range slices.SortedFunc(slices.Values(s.Live), func(a, b LivePool) int { return strings.Compare(a.Name, b.Name) }) {
		wanted := slices.ContainsFunc(desired, func(p Pool) bool { return p.Name == l.Name })
		if !l.Owned || l.System || wanted {
			continue
		}
		c := PoolChange{Name: l.Name, Live: live[l.Name], LiveCost: s.cost(&l)}
		c.Op, c.Reason = s.release(l)
		if c.Op == Update { // to zero first, so that a node that is just being given a pod is seen to be in use
			c.Desired = &Pool{Name: l.Name, Workspace: l.Workspace, SKU: SKU{Name: l.Size}, Spot: l.Spot, Labels: l.Labels, Taints: l.Taints, HourlyCost: Cost{Known: true}}
		}
		deletions = append(deletions, c)
	}
	return append(changes, deletions...)
}

// cost is the price of a live pool.
func (s Situation) cost(l *LivePool) Cost {
	return s.Prices.Price(s.Region, l.Size, l.Spot).Times(l.Count)
}

// decide compares one pool that should be with the live one of its name.
func decide(p *Pool, l *LivePool, b *budget) (Op, string) {
	switch {
	case l == nil && p.Count == 0:
		return Keep, ""
	case l == nil:
		if reason := b.refuse(p, p.Count, true); reason != "" {
			return Wait, reason
		}
		return Create, fmt.Sprintf("%d x %s", p.Count, p.SKU.Name)
	case !l.Owned || l.System:
		return Wait, fmt.Sprintf("a pool named %s exists that is not ours", p.Name)
	case l.State.Busy():
		return Wait, string(l.State)
	case l.State == Failed || l.State == Canceled:
		reason := fmt.Sprintf("the last operation ended in %s", l.State)
		if l.ErrorCode != "" {
			reason += ": " + l.ErrorCode
		}
		return Update, reason // writing it again is Azure's cure
	case l.Count < p.Count:
		more := p.Count - l.Count
		if reason := b.refuse(p, more, false); reason != "" {
			return Wait, reason
		}
		return Update, fmt.Sprintf("scale from %d to %d nodes", l.Count, p.Count)
	case l.Count > p.Count:
		return Update, fmt.Sprintf("scale from %d to %d nodes", l.Count, p.Count)
	case !covers(l.Labels, p.Labels):
		return Update, "labels differ"
	case !slices.Equal(slices.Sorted(slices.Values(l.Taints)), slices.Sorted(slices.Values(p.Taints))):
		return Update, "taints differ"
	}
	return Keep, ""
}

// shrink turns a change to fewer nodes into the removal of nodes on which nothing runs, and waits where there are none.
func (s Situation) shrink(c *PoolChange) {
	if s.Eventual {
		return
	}
	if c.Desired.Count == 0 {
		if reason := s.InUse(c.Name); reason != "" {
			c.Op, c.Reason = Wait, reason
		}
		return
	}
	empty := s.Empty(c.Name)
	c.Remove = empty[:min(len(empty), c.Live.Count-c.Desired.Count)]
	switch {
	case len(c.Remove) > 0:
	case c.Live.State == Failed || c.Live.State == Canceled: // its nodes are not what its count says: let Azure put that right first
		same := c.Desired.Scaled(c.Live.Count)
		c.Desired = &same
		return
	case s.InUse(c.Name) == "" && s.Held(*c.Live) == "": // none of its nodes ever came: whichever Azure takes, nothing runs on it
		return
	default:
		c.Op, c.Reason = Wait, fmt.Sprintf("%d nodes would do, and all %d are in use", c.Desired.Count, c.Live.Count)
		return
	}
	fewer := c.Desired.Scaled(c.Live.Count - len(c.Remove))
	c.Desired = &fewer
	c.Reason = fmt.Sprintf("scale from %d to %d nodes, without %s", c.Live.Count, fewer.Count, strings.Join(c.Remove, ", "))
}

// EmptyNodes lists the nodes of a pool on which nothing runs, in the order in which they are to go: first those that are not
// ready, then the last in the order of names.
func EmptyNodes(pool string, nodes []FleetNode) []string {
	var ready, broken []string
	for _, n := range nodes {
		switch {
		case n.Pool != pool || n.Pods > 0:
		case n.Ready:
			ready = append(ready, n.Name)
		default:
			broken = append(broken, n.Name)
		}
	}
	slices.Sort(ready)
	slices.Reverse(ready)
	slices.Sort(broken)
	slices.Reverse(broken)
	return append(broken, ready...)
}

// covers reports whether the live labels hold all that we set. AKS adds its own.
func covers(live, want map[string]string) bool {
	for k, v := range want {
		if live[k] != v {
			return false
		}
	}
	return true
}

// release decides what becomes of a pool of ours that nothing asks for.
func (s Situation) release(l LivePool) (Op, string) {
	if l.State == Deleting {
		return Wait, "is being deleted"
	}
	if reason := s.Held(l); reason != "" {
		return Keep, "kept: " + reason
	}
	if reason := s.InUse(l.Name); reason != "" {
		return Wait, reason
	}
	if l.State.Busy() {
		return Wait, string(l.State)
	}
	if l.Count > 0 && l.State == Succeeded && !s.Eventual {
		return Update, fmt.Sprintf("scale from %d to 0 nodes, then delete: no Workspace needs it any more", l.Count)
	}
	return Delete, "no Workspace needs it any more"
}

// budget refuses what would exceed the limits. It never takes away what is there.
type budget struct {
	Situation
	nodes int
	pools int
	cost  Cost
}

func newBudget(s Situation) *budget {
	b := &budget{Situation: s, pools: len(s.Live), cost: Cost{Known: true}}
	for i := range s.Live {
		if l := &s.Live[i]; l.Owned && l.Count > 0 {
			b.nodes += l.Count
			b.cost = b.cost.Add(b.most(l.Size, l.Spot).Times(l.Count))
		}
	}
	return b
}

// most is what a node may cost. Spot is never dearer than on demand, so where its price is unknown that is the bound.
func (s Situation) most(size string, spot bool) Cost {
	c := s.Prices.Price(s.Region, size, spot)
	if !c.Known && spot {
		return s.Prices.Price(s.Region, size, false)
	}
	return c
}

// refuse returns why a pool may not have so many more nodes, or takes note of them and returns "". Unknown prices count as nothing
// when there is no limit on money, and as too much when there is one.
func (b *budget) refuse(p *Pool, nodes int, newPool bool) string {
	cost := b.most(p.SKU.Name, p.Spot).Times(nodes)
	sum := b.cost.Add(cost)
	switch {
	case newPool && b.pools >= maxPools:
		return fmt.Sprintf("the cluster has %d pools, and AKS allows no more", b.pools)
	case b.Limits.Nodes > 0 && b.nodes+nodes > b.Limits.Nodes:
		return fmt.Sprintf("%d more nodes would make %d; capacity.limits.nodes is %d", nodes, b.nodes+nodes, b.Limits.Nodes)
	case b.Limits.HourlyCost > 0 && !sum.Known:
		return "the price is unknown, and capacity.limits.hourlyCost is set"
	case b.Limits.HourlyCost > 0 && sum.USD > b.Limits.HourlyCost:
		return fmt.Sprintf("%.2f USD/h more would make %.2f; capacity.limits.hourlyCost is %.2f", cost.USD, sum.USD, b.Limits.HourlyCost)
	}
	b.nodes += nodes
	b.cost = sum
	if newPool {
		b.pools++
	}
	return ""
}

// Shortfall is a vCPU quota that the plan would exceed.
type Shortfall struct {
	Family string // as Azure names the quota; "cores" is that of the region
	Needed int    // vCPUs to be added
	Limit  Limit
	Pools  []string // that would be created or grow
}

// String says what is missing.
func (s Shortfall) String() string {
	if !s.Limit.Known {
		return fmt.Sprintf("quota %s: unknown; %d vCPUs are needed", s.Family, s.Needed)
	}
	return fmt.Sprintf("quota %s: %d vCPUs are needed, %d of %d are used", s.Family, s.Needed, s.Limit.Used, s.Limit.Max)
}

// HoldBack turns the creations and growths that would exceed a known quota into waits, with the reason. An unknown quota holds
// nothing back: Azure itself has the last word.
func HoldBack(changes []PoolChange, short []Shortfall) {
	for i := range changes {
		c := &changes[i]
		for _, s := range short {
			if s.Limit.Known && (c.Op == Create || c.Op == Update) && slices.Contains(s.Pools, c.Name) {
				c.Op, c.Reason = Wait, s.String()
			}
		}
	}
}

// HoldGrowth turns all creations and growths into waits.
func HoldGrowth(changes []PoolChange, reason string) {
	for i := range changes {
		if c := &changes[i]; c.Op == Create || c.Op == Update && c.Live != nil && c.Desired.Count > c.Live.Count {
			c.Op, c.Reason = Wait, reason
		}
	}
}

// CheckQuota returns the quotas that creating and growing pools would exceed, and those of which nothing is known.
func CheckQuota(changes []PoolChange, q Quota) []Shortfall {
	needs := map[string]*Shortfall{}
	need := func(family string, l Limit, vcpus int, pool string) {
		s := needs[family]
		if s == nil {
			s = &Shortfall{Family: family, Limit: l}
			needs[family] = s
		}
		s.Needed += vcpus
		s.Pools = append(s.Pools, pool)
	}
	for _, c := range changes {
		if c.Desired == nil || (c.Op != Create && c.Op != Update) {
			continue
		}
		more := c.Desired.Count
		if c.Live != nil {
			more -= c.Live.Count
		}
		vcpus := more * c.Desired.SKU.VCPUs
		switch {
		case vcpus <= 0:
		case c.Desired.Spot:
			need("lowPriorityCores", q.Spot, vcpus, c.Name)
		default:
			need(c.Desired.SKU.Family, q.Family(c.Desired.SKU), vcpus, c.Name)
			need("cores", q.Regional, vcpus, c.Name)
		}
	}
	var out []Shortfall
	for _, family := range slices.Sorted(maps.Keys(needs)) {
		if s := needs[family]; !s.Limit.Known || s.Limit.Used+s.Needed > s.Limit.Max {
			out = append(out, *s)
		}
	}
	return out
}
