// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/fleet"
	"syncer.dev/syncer/internal/capacity/sizing/memo"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/podpolicy"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/reach"
	"syncer.dev/syncer/internal/workspace"
)

// Policy is the part of the configuration that decides between valid choices.
type Policy struct {
	Cluster      string
	Source       NodeSource // nil for AgentPools
	Region       string
	RetiredSizes string
	Limits       capacity.Limits
	Prices       capacity.Prices // zero for the embedded list
	Prune        bool
	Nodes        int // if not 0, overrides the number of nodes of sizing
	Context      int // if not 0, overrides the context length of every Workspace, in tokens
	// NVMeStorageClass is the storage class for weights on the local disks of sizes that have some; empty for none.
	NVMeStorageClass string
	// Pods is what templates, patches and presets of the repository may ask for.
	Pods podpolicy.Policy
	// Reach is how pods reach images, models and the network.
	Reach reach.Settings
	// MaxPriority caps the priority of the Workspaces of a namespace.
	MaxPriority map[string]workspace.Priority
	// Preemption lets Workspaces with nodes give them up for a higher priority. Only AgentPools do so.
	Preemption bool
	// Changes are the verdicts on what a change does to what runs.
	Changes ChangePolicy
	// Rollout bounds how many serving Workspaces are interrupted at once.
	Rollout rollout.Limit
	// Sizes keeps answers of sizing for the next call of Desire; nil if there is none.
	Sizes *memo.Sizes

	// Earlier is another answer of Desire, for this Policy, of which it takes what comes out the same; nil for none.
	Earlier *Earlier

	answers *memo.Catalogue                         // of Sizes, for one call of Desire
	fleet   *fleet.Kept                             // that of Earlier, and that of this call
	preset  func(name string) (preset.Preset, bool) // of the source, for one call of Desire
	same    *same                                   // what of Earlier serves this call
	sized   *Workload                               // that of Earlier, for one call of Place: it asks for the same
}

// Unlimited returns the policy without the limits on the sum of all nodes.
func (p Policy) Unlimited() Policy {
	p.Limits.HourlyCost, p.Limits.Nodes = 0, 0
	return p
}
