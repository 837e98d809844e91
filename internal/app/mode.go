// SPDX-License-Identifier: Apache-2.0

package app

import (
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/aks"
	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/fence"
	"syncer.dev/syncer/internal/reconcile"
)

// mode is the difference between the adapters of each value of capacity.mode. The difference in the desired state is a
// desired.NodeSource.
type mode struct {
	needs         []string // configuration values, in addition to those of every mode
	components    []string // of Health, in addition to Git and Kubernetes
	nodePools     bool     // syncer applies NodePools
	cloudInterval time.Duration
	connect       func(*fence.Fence) (cloud, error)
}

func modeOf(c config.Config) mode {
	switch c.Capacity.Mode {
	case config.ModeAKS:
		return mode{
			needs: []string{
				"capacity.aks.subscriptionID",
				"capacity.aks.resourceGroup",
				"capacity.aks.cluster",
				"capacity.aks.location",
			},
			components:    []string{reconcile.ComponentAzure},
			cloudInterval: c.Capacity.AKS.Interval,
			connect:       func(f *fence.Fence) (cloud, error) { return connectAKS(c, f) },
		}
	case config.ModeKarpenter:
		m := mode{nodePools: true, connect: connectNone}
		if karpenter.NodeClass(c.Capacity.Karpenter.NodeClass).Azure() {
			m.needs = []string{"capacity.aks.location"} // for prices
		}
		return m
	}
	return mode{connect: connectNone}
}

// cloud manages agent pools, and counts its requests.
type cloud interface {
	capacity.Cloud
	// Requests counts the requests so far by HTTP method.
	Requests() map[string]int64
}

// noCloud is the cloud of the modes without agent pools.
type noCloud struct{ capacity.NoPools }

// Requests returns none.
func (noCloud) Requests() map[string]int64 { return nil }

func connectNone(*fence.Fence) (cloud, error) { return noCloud{}, nil }

func connectAKS(c config.Config, f *fence.Fence) (cloud, error) {
	a := c.Capacity.AKS
	return aks.New(aks.Options{
		SubscriptionID: a.SubscriptionID,
		ResourceGroup:  a.ResourceGroup,
		Cluster:        a.Cluster,
		Location:       a.Location,
		Identity: aks.Identity{
			Auth:            a.Auth,
			ClientID:        a.ClientID,
			TenantID:        a.TenantID,
			IdentityBinding: a.IdentityBinding,
		},
		Environment: aks.Environment{
			Cloud:     a.Cloud,
			Endpoint:  a.Endpoint,
			Audience:  a.Audience,
			Authority: a.Authority,
		},
		Owner:     c.Cluster,
		UserAgent: "syncer",
		MayWrite:  f.MayWrite,
	})
}
