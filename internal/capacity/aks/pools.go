// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v8"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/redact"
	"syncer.dev/syncer/internal/workspace"
)

// Tags of our pools. The key of a tag cannot contain a slash, its value can.
const (
	tagOwner     = "syncer.dev_cluster"
	tagWorkspace = "syncer.dev_workspace" // namespace/name
	tagNonce     = "syncer.dev_nonce"     // identifies our own creation when its answer got lost
	tagChanged   = "syncer.dev_changed"   // time of our last write, RFC 3339: deadlines survive a restart with it
)

// Pools lists every agent pool of the cluster with one LIST. Errors are CloudErrors.
func (c *Cloud) Pools(ctx context.Context) ([]capacity.LivePool, error) {
	var out []capacity.LivePool
	pager := c.pools.NewListPager(c.options.ResourceGroup, c.options.Cluster, nil)
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list agent pools: %w", wrapError(err))
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
		Name:   value(p.Name),
		Size:   value(props.VMSize),
		Count:  int(value(props.Count)),
		Spot:   value(props.ScaleSetPriority) == armcontainerservice.ScaleSetPrioritySpot,
		Labels: map[string]string{},
		State:  capacity.PoolState(value(props.ProvisioningState)),
		ETag:   value(props.ETag),
		System: value(props.Mode) == armcontainerservice.AgentPoolModeSystem,
		Owned:  c.options.Owner != "" && value(props.Tags[tagOwner]) == c.options.Owner,
	}
	for k, v := range props.NodeLabels {
		l.Labels[k] = value(v)
	}
	for _, z := range props.AvailabilityZones {
		l.Zones = append(l.Zones, value(z))
	}
	for _, t := range props.NodeTaints {
		l.Taints = append(l.Taints, value(t))
	}
	if props.Status != nil && props.Status.ProvisioningError != nil {
		code, message := detail(props.Status.ProvisioningError).Root()
		l.ErrorCode, l.Error = code, redact.Text(message)
	}
	if power := props.PowerState; power != nil {
		l.Stopped = value(power.Code) == armcontainerservice.CodeStopped
	}
	l.ManagedDisk = value(props.OSDiskType) == armcontainerservice.OSDiskTypeManaged
	if l.Owned {
		ns, name, _ := strings.Cut(value(props.Tags[tagWorkspace]), "/")
		l.Workspace = workspace.Key{Namespace: ns, Name: name}
		l.Changed, _ = time.Parse(time.RFC3339, value(props.Tags[tagChanged])) // zero when it is not a time
	}
	return l
}

func detail(e *armcontainerservice.ErrorDetail) capacity.ErrorDetail {
	out := capacity.ErrorDetail{Code: value(e.Code), Message: value(e.Message)}
	for _, d := range e.Details {
		if d != nil {
			out.Details = append(out.Details, detail(d))
		}
	}
	return out
}

func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
