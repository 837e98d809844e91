package capacity

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"
)

// LabelPool tells nodes that Workspaces share from those that one has to itself.
const (
	LabelPool  = "syncer.dev/pool"
	SharedPool = "shared"
)

// kind is a kind of node that can be shared: Workspaces that need the same kind may meet on a node.
type kind struct {
	size    string
	spot    bool
	osSKU   string
	diskGiB int
}

// diskPerGPU are the classes of disk that a GPU of a shared node comes with, in GiB. The first holds the images and the weights of
// a model that fits on one GPU of 80 GiB.
var diskPerGPU = []int{128, 256, 512, 1024, 2048}

// maxDiskGiB is the largest disk that AKS gives a node.
const maxDiskGiB = 2048

// kindOf returns the kind of node that an option of a Workspace takes. Every GPU comes with its part of the disk, so that
// whatever meets on a node has room.
func kindOf(n *Need, o *Option) kind {
	each := (n.DiskGiB + max(o.GPUsPerNode, 1) - 1) / max(o.GPUsPerNode, 1)
	disk := max(n.DiskGiB, maxDiskGiB)
	for _, d := range diskPerGPU {
		if d >= each {
			disk = max(min(d*o.SKU.GPUs, maxDiskGiB), n.DiskGiB)
			break
		}
	}
	return kind{o.SKU.Name, n.Spot, n.OSSKU, disk}
}

// sharedName makes the name of the i-th pool of a kind: s, up to four letters of the size for people, and seven characters of
// a hash.
func sharedName(cluster string, k kind, i int) string {
	letters := strings.TrimPrefix(strings.ToLower(k.size), "standard_")
	letters = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, letters)
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00shared\x00%s\x00%t\x00%s\x00%d\x00%d", cluster, strings.ToLower(k.size), k.spot, k.osSKU, k.diskGiB, i))
	return "s" + letters[:min(4, len(letters))] + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:7]
}

// sharedPool returns a pool of a kind.
func (p *planner) sharedPool(name string, k kind, sku SKU, count int) Pool {
	return Pool{
		Name: name, SKU: sku, Count: count, Spot: k.spot, DiskGiB: k.diskGiB, OSSKU: k.osSKU, Taints: []string{GPUTaint},
		Zones: p.in.Limits.Zones, ManagedDisk: p.managedDisk(sku, k.spot),
		Labels:     map[string]string{LabelCluster: p.in.Cluster, LabelPool: SharedPool},
		HourlyCost: p.price(sku.Name, k.spot).Times(count),
	}
}

// ownPool returns the pool that a Workspace has to itself. Its name follows from the cluster, the Workspace and the size: a
// pool cannot change its size, so another size is another pool.
func (p *planner) ownPool(n *Need, o *Option, count int) Pool {
	pool := Pool{
		Name: poolName(p.in.Cluster, n.owner(), o.SKU.Name, n.Spot), Workspace: n.owner(), SKU: o.SKU, Count: count, Spot: n.Spot,
		DiskGiB: n.DiskGiB, OSSKU: n.OSSKU, Labels: map[string]string{}, Taints: []string{GPUTaint},
		Zones: p.in.Limits.Zones, ManagedDisk: p.managedDisk(o.SKU, n.Spot),
		HourlyCost: p.price(o.SKU.Name, n.Spot).Times(count),
	}
	for k, v := range n.Labels {
		// AKS refuses labels under its own prefix; nodes have those that it sets anyway.
		if !strings.HasPrefix(k, "kubernetes.azure.com/") {
			pool.Labels[k] = v
		}
	}
	pool.Labels[LabelCluster] = p.in.Cluster
	pool.Labels[LabelWorkspaceNamespace] = n.Workspace.Namespace
	if n.Set != "" {
		pool.Labels[LabelInferenceSet] = n.Set
	} else {
		pool.Labels[LabelWorkspace] = n.Workspace.Name
	}
	return pool
}

// livePool returns a pool that is there, with another number of nodes.
func (p *planner) livePool(l *LivePool, count int) Pool {
	sku, ok := LookupSKU(l.Size)
	if !ok {
		sku = SKU{Name: l.Size}
	}
	return Pool{
		Name: l.Name, Workspace: l.Workspace, SKU: sku, Count: count, Spot: l.Spot, Labels: l.Labels, Taints: l.Taints,
		Zones: l.Zones, ManagedDisk: l.ManagedDisk,
		HourlyCost: p.price(l.Size, l.Spot).Times(count),
	}
}

func (p *planner) price(size string, spot bool) Cost {
	if p.in.Prices != nil {
		return p.in.Prices(size, spot)
	}
	return Price(p.in.Region, size, spot)
}

// rank is the price that a node is compared by, in millionths of a US dollar per hour: that of the list where there is none for
// spot. A size without any is taken last.
func (p *planner) rank(size string, spot bool) int64 {
	c := p.price(size, spot)
	if !c.Known && spot {
		c = p.price(size, false)
	}
	if !c.Known {
		return unknownPrice
	}
	return int64(c.USD*1e6 + 0.5)
}

// risked is the rank of a node that is yet to be had: a size that may be refused is worth less than its price says.
func (p *planner) risked(sku SKU, spot bool) int64 {
	price := float64(p.rank(sku.Name, spot))
	if !spot && len(p.in.Quota.Families) > 0 && !p.in.Quota.Families[strings.ToLower(sku.Family)].Known {
		price *= unknownQuota
	}
	if c, ok := p.in.Unavailable.(chances); ok {
		price /= max(c.Chance(sku, spot, p.in.Now), leastChance)
	}
	return int64(price + 0.5)
}

// chances is what an Availability may know besides: how likely Azure is to grant a size, from 0 to 1.
type chances interface {
	Chance(sku SKU, spot bool, now time.Time) float64
}

// relaxed is what an Availability may know besides: which constraints a size can only be had without.
type relaxed interface {
	Dropped(sku SKU, spot bool, now time.Time) []Constraint
}

// managedDisk reports whether the nodes of a new pool can only be had with a system disk of their own.
func (p *planner) managedDisk(sku SKU, spot bool) bool {
	r, ok := p.in.Unavailable.(relaxed)
	return ok && slices.Contains(r.Dropped(sku, spot, p.in.Now), EphemeralDisk)
}

// What a risk is worth. Azure lists the quota of every family that a subscription has; one that it does not list is likely to be
// none. A chance below one in ten would make a size dearer than any other without a reason that can be measured.
const (
	unknownQuota = 1.25
	leastChance  = 0.1
)

const unknownPrice = int64(1000e6) // per hour: more than any size costs
