// SPDX-License-Identifier: Apache-2.0

package source

import (
	"fmt"
	"os"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/karpenter"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/render/reach"
	"syncer.dev/syncer/internal/workspace/load"
)

// NodeSourceOf returns the source of nodes that capacity.mode selects.
func NodeSourceOf(c config.Config) desired.NodeSource {
	switch c.Capacity.Mode {
	case config.ModeBYO:
		return desired.ExistingNodes{}
	case config.ModeKarpenter:
		return desired.NodePools{Settings: karpenterOf(c.Capacity.Karpenter)}
	}
	return desired.AgentPools{}
}

// karpenterOf returns the settings of NodePools.
func karpenterOf(k config.Karpenter) karpenter.Settings {
	out := karpenter.Settings{
		Class: karpenter.NodeClass{
			Group: k.NodeClass.Group,
			Kind:  k.NodeClass.Kind,
			Name:  k.NodeClass.Name,
		},
		Classes: k.NodeClasses,
		Static:  k.Static,
	}
	for _, text := range k.Sizes {
		if s, err := karpenter.ParseSize(text); err == nil { // config has checked the form
			out.Sizes = append(out.Sizes, s)
		}
	}
	for _, text := range k.Requirements {
		if r, err := karpenter.ParseRequirement(text); err == nil {
			out.Requirements = append(out.Requirements, r)
		}
	}
	return out
}

// PolicyOf returns the part of the configuration that decides between valid choices.
func PolicyOf(c config.Config) desired.Policy {
	p := desired.Policy{
		Cluster:          c.Cluster,
		Source:           NodeSourceOf(c),
		Region:           c.Capacity.AKS.Location,
		RetiredSizes:     c.Capacity.RetiredSizes,
		Prune:            c.Prune,
		NVMeStorageClass: c.Capacity.NVMeStorageClass,
		Pods:             PodsOf(c),
		Reach:            reachOf(c.Pods),
		Changes:          changesOf(c.Policy),
	}
	p.Rollout, _ = rollout.ParseLimit(c.Rollout.MaxInterrupted) // config has checked the form
	p.Prices = pricesOr(UnknownPrices, c.Capacity.Prices)
	l := c.Capacity.Limits
	p.Limits = capacity.Limits{
		HourlyCost:   l.HourlyCost,
		Nodes:        l.Nodes,
		AllowedSizes: l.AllowedSizes,
		Zones:        l.Zones,
		NoSpot:       !l.Spot,
	}
	first := c.Policy.Priority
	return p.Ranked(first.MaxOf(), first.SharesOf(), c.Policy.Preemption == config.Allow)
}

// reachOf returns how pods reach what they need.
func reachOf(p config.PodNetwork) reach.Settings {
	out := reach.Settings{HuggingFace: p.HuggingFaceEndpoint, Proxy: reach.Proxy(p.Proxy)}
	for _, text := range p.Registries {
		if m, err := reach.ParseMirror(text); err == nil { // config has checked the form
			out.Registries = append(out.Registries, m)
		}
	}
	return out
}

// changesOf returns the verdicts on what a change does to what runs.
func changesOf(p config.Policy) desired.ChangePolicy {
	return desired.ChangePolicy{
		Deletion:         diag.Verdict(p.Deletion),
		Interruption:     diag.Verdict(p.Interruption),
		UnknownQuota:     diag.Verdict(p.UnknownQuota),
		UnpinnedRevision: diag.Verdict(p.UnpinnedRevision),
		CostDelta:        diag.Verdict(p.CostDelta.Verdict),
		MaxDelta:         p.CostDelta.Hourly,
		Mass:             mass.Policy(p.MassDeletion),
	}
}

// PodsOf returns what the configuration lets objects of the repository ask for.
func PodsOf(c config.Config) podpolicy.Policy {
	return podpolicy.Policy{
		Verdict:         diag.Verdict(c.Policy.Pods.Verdict),
		Level:           podpolicy.Level(c.Policy.Pods.Level),
		ServiceAccounts: c.Policy.Pods.ServiceAccounts,
		Secrets:         c.Policy.Pods.Secrets,
		NoLoadBalancers: c.Policy.LoadBalancers == config.Deny,
	}
}

// UnknownPrices is a list without prices.
var UnknownPrices = capacity.NewPrices("", "", nil, nil)

// ReadPrices reads a price list; the embedded one if file is empty.
func ReadPrices(file string) (capacity.Prices, error) {
	if file == "" {
		return capacity.Prices{}, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return UnknownPrices, fmt.Errorf("capacity.prices: %w", err)
	}
	p, err := capacity.ParsePrices(data)
	if err != nil {
		return UnknownPrices, fmt.Errorf("capacity.prices: %s: %w", file, err)
	}
	return p, nil
}

// pricesOr is ReadPrices for a configuration that syncer has checked when it loaded it. If the list has become
// unreadable since, pricesOr returns otherwise: embedded prices would contradict the configuration.
func pricesOr(otherwise capacity.Prices, file string) capacity.Prices {
	p, err := ReadPrices(file)
	if err != nil {
		return otherwise
	}
	return p
}

// limitsOf returns what a repository may ask for.
func limitsOf(c config.Config) load.Limits {
	l := c.Source.Limits
	_, file, _ := l.Bytes()
	text, build := l.Repository()
	return load.Limits{
		FileBytes:  file,
		Manifests:  l.Manifests,
		Workspaces: l.Workspaces,
		Replicas:   l.Replicas,
		Objects:    l.Objects,
		Values:     l.Values,
		Bytes:      text,
		BuildBytes: build,
	}
}
