package aks

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v8"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

// Tags of our pools. A tag's key cannot hold a slash, its value can.
const (
	tagOwner     = "syncer.dev_cluster"
	tagWorkspace = "syncer.dev_workspace" // namespace/name
	tagNonce     = "syncer.dev_nonce"     // tells our own create from another's, when its answer got lost
)

// Pools lists every agent pool of the cluster, by one LIST.
func (c *Cloud) Pools(ctx context.Context) ([]capacity.LivePool, error) {
	var out []capacity.LivePool
	pager := c.pools.NewListPager(c.options.ResourceGroup, c.options.Cluster, nil)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list agent pools: %w", trouble(err))
		}
		for _, p := range page.Value {
			if p != nil && p.Properties != nil {
				out = append(out, c.live(p))
			}
		}
	}
	return out, nil
}

func (c *Cloud) live(p *armcontainerservice.AgentPool) capacity.LivePool {
	props := p.Properties
	l := capacity.LivePool{
		Name: value(p.Name), Size: value(props.VMSize), Count: int(value(props.Count)),
		Spot:   value(props.ScaleSetPriority) == armcontainerservice.ScaleSetPrioritySpot,
		Labels: map[string]string{}, State: capacity.PoolState(value(props.ProvisioningState)), ETag: value(props.ETag),
		System: value(props.Mode) == armcontainerservice.AgentPoolModeSystem,
		Owned:  value(props.Tags[tagOwner]) == c.options.Owner,
	}
	for k, v := range props.NodeLabels {
		l.Labels[k] = value(v)
	}
	for _, t := range props.NodeTaints {
		l.Taints = append(l.Taints, value(t))
	}
	if props.Status != nil && props.Status.ProvisioningError != nil {
		l.ErrorCode, l.Error = value(props.Status.ProvisioningError.Code), value(props.Status.ProvisioningError.Message)
	}
	if l.Owned {
		ns, name, _ := strings.Cut(value(props.Tags[tagWorkspace]), "/")
		l.Workspace = workspace.Key{Namespace: ns, Name: name}
	}
	return l
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// Ensure starts creating or changing a pool.
func (c *Cloud) Ensure(ctx context.Context, change capacity.PoolChange) error {
	if change.Op == capacity.Create {
		return c.create(ctx, *change.Desired)
	}
	return c.update(ctx, *change.Desired, change.Live)
}

func (c *Cloud) create(ctx context.Context, p capacity.Pool) error {
	nonce := rand.Text()
	body := armcontainerservice.AgentPool{Properties: &armcontainerservice.ManagedClusterAgentPoolProfileProperties{
		Type:              to.Ptr(armcontainerservice.AgentPoolTypeVirtualMachineScaleSets),
		Mode:              to.Ptr(armcontainerservice.AgentPoolModeUser),
		OSType:            to.Ptr(armcontainerservice.OSTypeLinux),
		OSSKU:             to.Ptr(armcontainerservice.OSSKU(p.OSSKU)),
		VMSize:            to.Ptr(p.SKU.Name),
		Count:             to.Ptr(int32(p.Count)),
		OSDiskSizeGB:      to.Ptr(int32(p.DiskGiB)),
		EnableAutoScaling: to.Ptr(false), // two controllers must not fight over the count
		NodeLabels:        pointers(p.Labels),
		NodeTaints:        to.SliceOfPtrs(p.Taints...),
		Tags: map[string]*string{
			tagOwner: to.Ptr(c.options.Owner), tagWorkspace: to.Ptr(p.Workspace.String()), tagNonce: to.Ptr(nonce),
		},
	}}
	if p.Spot {
		body.Properties.ScaleSetPriority = to.Ptr(armcontainerservice.ScaleSetPrioritySpot)
		body.Properties.ScaleSetEvictionPolicy = to.Ptr(armcontainerservice.ScaleSetEvictionPolicyDelete) // a deallocated node keeps eating quota
		body.Properties.SpotMaxPrice = to.Ptr[float32](-1)
	}
	_, err := c.pools.BeginCreateOrUpdate(ctx, c.options.ResourceGroup, c.options.Cluster, p.Name, body,
		&armcontainerservice.AgentPoolsClientBeginCreateOrUpdateOptions{IfNoneMatch: to.Ptr("*")})
	if err == nil {
		return nil
	}
	if isConflict(err) && c.made(ctx, p.Name, nonce) {
		return nil // the answer to the first try got lost, and the SDK tried again
	}
	return fmt.Errorf("create agent pool %s: %w", p.Name, trouble(err))
}

// made reports whether the pool is there by our own request.
func (c *Cloud) made(ctx context.Context, name, nonce string) bool {
	got, err := c.pools.Get(ctx, c.options.ResourceGroup, c.options.Cluster, name, nil)
	return err == nil && got.Properties != nil && value(got.Properties.Tags[tagNonce]) == nonce
}

func pointers(m map[string]string) map[string]*string {
	out := map[string]*string{}
	for k, v := range m {
		out[k] = &v
	}
	return out
}

// update changes the count, labels and taints of a pool, and nothing else: everything is sent back as it was just read.
func (c *Cloud) update(ctx context.Context, p capacity.Pool, seen *capacity.LivePool) error {
	pool, err := c.fenced(ctx, seen)
	if err != nil {
		return fmt.Errorf("update agent pool %s: %w", p.Name, err)
	}
	props := pool.Properties
	props.Count = to.Ptr(int32(p.Count))
	if props.NodeLabels == nil {
		props.NodeLabels = map[string]*string{}
	}
	for k, v := range p.Labels {
		props.NodeLabels[k] = &v
	}
	props.NodeTaints = to.SliceOfPtrs(p.Taints...)
	props.ProvisioningState, props.Status, props.ETag = nil, nil, nil // read-only
	_, err = c.pools.BeginCreateOrUpdate(ctx, c.options.ResourceGroup, c.options.Cluster, p.Name, pool,
		&armcontainerservice.AgentPoolsClientBeginCreateOrUpdateOptions{IfMatch: to.Ptr(seen.ETag)})
	if err != nil {
		return fmt.Errorf("update agent pool %s: %w", p.Name, trouble(err))
	}
	return nil
}

// Delete starts the deletion of a pool that is ours.
func (c *Cloud) Delete(ctx context.Context, change capacity.PoolChange) error {
	_, err := c.fenced(ctx, change.Live)
	var t *capacity.CloudError
	switch {
	case errors.As(err, &t) && t.Code == "NotFound":
		return nil
	case err != nil:
		return fmt.Errorf("delete agent pool %s: %w", change.Name, err)
	}
	_, err = c.pools.BeginDelete(ctx, c.options.ResourceGroup, c.options.Cluster, change.Name,
		&armcontainerservice.AgentPoolsClientBeginDeleteOptions{IfMatch: to.Ptr(change.Live.ETag)})
	if err != nil {
		return fmt.Errorf("delete agent pool %s: %w", change.Name, trouble(err))
	}
	return nil
}

// fenced reads a pool right before a write, and refuses the write unless the pool is ours and is still what was seen.
func (c *Cloud) fenced(ctx context.Context, seen *capacity.LivePool) (armcontainerservice.AgentPool, error) {
	if seen == nil || seen.ETag == "" {
		return armcontainerservice.AgentPool{}, &capacity.CloudError{Class: capacity.ClassConflict, Code: "NotSeen", Message: "the pool has not been listed"}
	}
	got, err := c.pools.Get(ctx, c.options.ResourceGroup, c.options.Cluster, seen.Name, nil)
	if err != nil {
		return got.AgentPool, trouble(err)
	}
	now := c.live(&got.AgentPool)
	switch {
	case !now.Owned || now.System:
		return got.AgentPool, capacity.ErrNotOwned
	case now.ETag != seen.ETag:
		return got.AgentPool, &capacity.CloudError{Class: capacity.ClassConflict, Code: "PreconditionFailed", Message: "the pool has changed since it was listed"}
	}
	return got.AgentPool, nil
}

// Quota reads the vCPU quota of the region.
func (c *Cloud) Quota(ctx context.Context) (capacity.Quota, error) {
	q := capacity.Quota{Families: map[string]capacity.Limit{}}
	pager := c.usage.NewListPager(c.options.Location, nil)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return capacity.Quota{}, fmt.Errorf("read vCPU quota: %w", trouble(err))
		}
		for _, u := range page.Value {
			if u == nil || u.Name == nil || u.CurrentValue == nil || u.Limit == nil {
				continue
			}
			l := capacity.Limit{Used: int(*u.CurrentValue), Max: int(*u.Limit), Known: true}
			switch name := strings.ToLower(value(u.Name.Value)); name {
			case "cores":
				q.Regional = l
			case "lowprioritycores":
				q.Spot = l
			default:
				q.Families[name] = l
			}
		}
	}
	return q, nil
}
