// SPDX-License-Identifier: Apache-2.0

package kaito

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// ExistingNodes holds what KAITO's estimator reads about nodes that already exist (BYO).
type ExistingNodes struct {
	Nodes      []Node
	Selector   map[string]string // resource.labelSelector
	ListFailed bool              // KAITO could not list the nodes
	// MIGProfile is resource.partition.profile, such as "1g.10gb". The estimator then ignores the nodes.
	MIGProfile string
	// Accelerators is resource.partition.count: the GPUs used on each node; 0 for all.
	Accelerators int
}

// Node holds the properties of a node that KAITO's estimator reads.
type Node struct {
	Labels   map[string]string
	Ready    bool
	Deleting bool
}

// migProfile is the form of a profile; KAITO rounds its memory down to whole GiB.
var migProfile = regexp.MustCompile(`^([1-9][0-9]*)g\.([0-9]+)(?:\.[0-9]+)?gb$`)

// node returns GPUs and memory of the first ready node that matches the selector, or of the MIG slice.
func (b *ExistingNodes) node() (size, error) {
	if b.MIGProfile != "" {
		m := migProfile.FindStringSubmatch(b.MIGProfile)
		if m == nil {
			return size{}, fmt.Errorf("%w: %q", ErrMIGInvalid, b.MIGProfile)
		}
		memory, err := strconv.Atoi(m[2])
		if err != nil || memory == 0 {
			return size{}, fmt.Errorf("%w: %q", ErrMIGInvalid, b.MIGProfile)
		}
		return size{1, memory}, nil
	}
	if b.ListFailed {
		return size{}, ErrListFailed
	}
	i := slices.IndexFunc(b.Nodes, func(n Node) bool { return n.Ready && !n.Deleting && b.selects(n) })
	if i < 0 {
		return size{}, ErrNoReadyNodes
	}
	labels := b.Nodes[i].Labels
	if _, ok := labels[wellknown.LabelGPUProduct]; !ok {
		return size{}, fmt.Errorf("%w: %s", ErrNodeLabels, wellknown.LabelGPUProduct)
	}
	gpus, err := strconv.Atoi(labels[wellknown.LabelGPUCount])
	if err != nil {
		return size{}, fmt.Errorf("%w: %s is %q", ErrNodeLabels, wellknown.LabelGPUCount, labels[wellknown.LabelGPUCount])
	}
	mib, err := strconv.Atoi(labels[wellknown.LabelGPUMemory])
	if err != nil {
		return size{}, fmt.Errorf("%w: %s is %q", ErrNodeLabels, wellknown.LabelGPUMemory, labels[wellknown.LabelGPUMemory])
	}
	perGPU := int(float64(mib)/1024 + 0.5)
	if b.Accelerators > 0 {
		if b.Accelerators > gpus {
			return size{}, fmt.Errorf("%w: %d of %d", ErrPartition, b.Accelerators, gpus)
		}
		gpus = b.Accelerators
	}
	return size{gpus, perGPU * gpus}, nil
}

func (b *ExistingNodes) selects(n Node) bool {
	for k, v := range b.Selector {
		if have, ok := n.Labels[k]; !workspace.ReservedLabel(k) && (!ok || have != v) {
			return false
		}
	}
	return true
}
