// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v8"

	"syncer.dev/syncer/internal/capacity"
)

// Ensure starts creating a pool, changing it, or deleting some of its machines.
func (c *Cloud) Ensure(ctx context.Context, change capacity.PoolChange) error {
	var err error
	switch {
	case change.Desired == nil || change.Desired.Name != change.Name:
		err = invalid("the change is not about the pool that it names")
	case change.Op == capacity.Create:
		err = c.create(ctx, *change.Desired)
	case len(change.Remove) > 0:
		err = c.remove(ctx, change)
	default:
		err = c.update(ctx, change)
	}
	if err != nil {
		return fmt.Errorf("%s agent pool %s: %w", change.Op, change.Name, err)
	}
	return nil
}

// invalid is the error of a change that the caller must not make.
func invalid(message string) error {
	return &capacity.CloudError{Class: capacity.ClassInvalid, Code: "InvalidChange", Message: message}
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
			tagOwner: to.Ptr(
				c.options.Owner,
			), tagWorkspace: to.Ptr(p.Workspace.String()), tagNonce: to.Ptr(nonce), tagChanged: c.stamp(),
		},
	}}
	if len(p.Zones) > 0 {
		body.Properties.AvailabilityZones = to.SliceOfPtrs(p.Zones...)
	}
	if p.ManagedDisk {
		body.Properties.OSDiskType = to.Ptr(armcontainerservice.OSDiskTypeManaged)
	}
	if p.Spot {
		body.Properties.ScaleSetPriority = to.Ptr(armcontainerservice.ScaleSetPrioritySpot)
		body.Properties.ScaleSetEvictionPolicy = to.Ptr(
			armcontainerservice.ScaleSetEvictionPolicyDelete,
		) // a deallocated node still uses quota
		body.Properties.SpotMaxPrice = to.Ptr[float32](-1)
	}
	_, err := c.pools.BeginCreateOrUpdate(ctx, c.options.ResourceGroup, c.options.Cluster, p.Name, body,
		&armcontainerservice.AgentPoolsClientBeginCreateOrUpdateOptions{IfNoneMatch: to.Ptr("*")})
	if err == nil {
		return nil
	}
	if isConflict(err) && c.made(ctx, p.Name, nonce) {
		return nil // the answer to the first request got lost, and the SDK retried
	}
	return wrapError(err)
}

// stamp is the time, as a tag.
func (c *Cloud) stamp() *string { return to.Ptr(c.options.now().UTC().Format(time.RFC3339)) }

// made reports whether our own request created the pool.
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

// update changes the count, labels and taints of a pool. It sends all other properties back as it read them.
func (c *Cloud) update(ctx context.Context, change capacity.PoolChange) error {
	pool, err := c.fenced(ctx, change)
	if err != nil {
		return err
	}
	p, props := change.Desired, pool.Properties
	props.Count = to.Ptr(int32(p.Count))
	if props.NodeLabels == nil {
		props.NodeLabels = map[string]*string{}
	}
	for k, v := range p.Labels {
		props.NodeLabels[k] = &v
	}
	props.NodeTaints = to.SliceOfPtrs(p.Taints...)
	props.Tags[tagChanged] = c.stamp()                                // there are tags: ours is among them
	props.ProvisioningState, props.Status, props.ETag = nil, nil, nil // read-only
	_, err = c.pools.BeginCreateOrUpdate(ctx, c.options.ResourceGroup, c.options.Cluster, change.Name, pool,
		&armcontainerservice.AgentPoolsClientBeginCreateOrUpdateOptions{IfMatch: to.Ptr(change.Live.ETag)})
	if err != nil {
		return wrapError(err)
	}
	return nil
}

// remove deletes the named machines. Azure neither cordons nor drains them, so the caller has to know that they are
// empty.
func (c *Cloud) remove(ctx context.Context, change capacity.PoolChange) error {
	for _, name := range change.Remove {
		if !strings.HasPrefix(name, "aks-"+change.Name+"-") {
			return invalid(fmt.Sprintf("machine %s is not of the pool", name))
		}
	}
	names := slices.Compact(slices.Sorted(slices.Values(change.Remove)))
	if _, err := c.fenced(ctx, change); err != nil {
		return err
	}
	if change.Live.Count-len(names) != change.Desired.Count {
		return invalid(
			fmt.Sprintf("%d of %d machines deleted do not leave %d", len(names), change.Live.Count, change.Desired.Count),
		)
	}
	// The SDK has no option for the precondition. fenced reads the pool first, for a service that ignores the header.
	ctx = policy.WithHTTPHeader(ctx, http.Header{"If-Match": {change.Live.ETag}})
	_, err := c.pools.BeginDeleteMachines(ctx, c.options.ResourceGroup, c.options.Cluster, change.Name,
		armcontainerservice.AgentPoolDeleteMachinesParameter{MachineNames: to.SliceOfPtrs(names...)}, nil)
	if err != nil {
		return wrapError(err)
	}
	return nil
}

// Delete starts the deletion of an owned pool. Without the pool it returns nil.
func (c *Cloud) Delete(ctx context.Context, change capacity.PoolChange) error {
	_, err := c.fenced(ctx, change)
	if err == nil {
		o := &armcontainerservice.AgentPoolsClientBeginDeleteOptions{IfMatch: to.Ptr(change.Live.ETag)}
		if change.IgnoreBudgets {
			o.IgnorePodDisruptionBudget = to.Ptr(true)
		}
		if _, err = c.pools.BeginDelete(ctx, c.options.ResourceGroup, c.options.Cluster, change.Name, o); err != nil {
			err = wrapError(err)
		}
	}
	var t *capacity.CloudError
	if errors.As(err, &t) && t.Code == "NotFound" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete agent pool %s: %w", change.Name, err)
	}
	return nil
}

// Abort aborts the operation in flight on an owned pool. Without an operation it returns nil.
func (c *Cloud) Abort(ctx context.Context, change capacity.PoolChange) error {
	_, err := c.fenced(ctx, change)
	if err == nil {
		if _, err = c.pools.BeginAbortLatestOperation(
			ctx,
			c.options.ResourceGroup,
			c.options.Cluster,
			change.Name,
			nil,
		); isConflict(
			err,
		) {
			return nil // it has just ended
		} else if err != nil {
			err = wrapError(err)
		}
	}
	if err != nil {
		return fmt.Errorf("abort the operation on agent pool %s: %w", change.Name, err)
	}
	return nil
}

// fenced reads a pool right before a write, and refuses the write unless the pool is owned and unchanged since it was
// listed. It also checks that the change names the listed pool.
func (c *Cloud) fenced(ctx context.Context, change capacity.PoolChange) (armcontainerservice.AgentPool, error) {
	seen := change.Live
	switch {
	case seen == nil || seen.ETag == "":
		return armcontainerservice.AgentPool{}, &capacity.CloudError{
			Class:   capacity.ClassConflict,
			Code:    "NotSeen",
			Message: "the pool has not been listed",
		}
	case seen.Name != change.Name:
		return armcontainerservice.AgentPool{}, invalid("the change is not about the pool that was listed")
	}
	got, err := c.pools.Get(ctx, c.options.ResourceGroup, c.options.Cluster, change.Name, nil)
	if err != nil {
		return got.AgentPool, wrapError(err)
	}
	if got.Properties == nil {
		return got.AgentPool, capacity.ErrNotOwned
	}
	now := c.live(&got.AgentPool)
	switch {
	case !now.Owned || now.System:
		return got.AgentPool, capacity.ErrNotOwned
	case now.ETag != seen.ETag:
		return got.AgentPool, &capacity.CloudError{
			Class:   capacity.ClassConflict,
			Code:    "PreconditionFailed",
			Message: "the pool has changed since it was listed",
		}
	}
	return got.AgentPool, nil
}
