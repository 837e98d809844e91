// SPDX-License-Identifier: Apache-2.0

package adapters

import (
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/aks"
	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/components"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/fence"
)

// Mode is the difference between the adapters of each value of capacity.mode. The difference in the desired state is a
// desired.NodeSource.
type Mode struct {
	Needs         []string // configuration values, in addition to those of every mode
	Components    []string // of Health, in addition to Git and Kubernetes
	NodePools     bool     // syncer applies NodePools
	AgentPools    bool     // there is a Cloud with agent pools
	CloudInterval time.Duration
	connect       func(*fence.Fence) (Cloud, error)
}

// ModeOf returns that of a configuration.
func ModeOf(c config.Config) Mode {
	switch c.Capacity.Mode {
	case config.ModeAKS:
		return Mode{
			Needs: []string{
				"capacity.aks.subscriptionID",
				"capacity.aks.resourceGroup",
				"capacity.aks.cluster",
				"capacity.aks.location",
			},
			Components:    []string{components.Azure},
			AgentPools:    true,
			CloudInterval: c.Capacity.AKS.Interval,
			connect:       func(f *fence.Fence) (Cloud, error) { return AKS(c, f) },
		}
	case config.ModeKarpenter:
		m := Mode{NodePools: true, connect: connectNone}
		if karpenter.NodeClass(c.Capacity.Karpenter.NodeClass).Azure() {
			m.Needs = []string{"capacity.aks.location"} // for prices
		}
		return m
	}
	return Mode{connect: connectNone}
}

// Cloud manages agent pools, and counts its requests.
type Cloud interface {
	capacity.Cloud
	// Requests counts the requests so far by HTTP method.
	Requests() map[string]int64
}

// NoCloud is the cloud of the modes without agent pools.
type NoCloud struct{ capacity.NoPools }

// Requests returns none.
func (NoCloud) Requests() map[string]int64 { return nil }

func connectNone(*fence.Fence) (Cloud, error) { return NoCloud{}, nil }

// AKS prepares a client for the agent pools. Without a fence it may always write.
func AKS(c config.Config, f *fence.Fence) (Cloud, error) {
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
