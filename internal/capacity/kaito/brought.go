package kaito

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"syncer.dev/syncer/internal/workspace"
)

// Brought is what KAITO sees of nodes that somebody brings.
type Brought struct {
	Nodes      []Node
	Selector   map[string]string // resource.labelSelector
	ListFailed bool              // the nodes could not be listed
	// MIGProfile, such as "1g.10gb", is resource.partition.profile. The nodes are then not looked at.
	MIGProfile string
	// Accelerators is resource.partition.count: so many of a node's GPUs are used.
	Accelerators int
}

// Node is a node as KAITO sees it.
type Node struct {
	Labels   map[string]string
	Ready    bool
	Deleting bool
}

// migProfile is the form of a profile; KAITO rounds its memory down to whole GiB.
var migProfile = regexp.MustCompile(`^([1-9][0-9]*)g\.([0-9]+)(?:\.[0-9]+)?gb$`)

// node describes one node by the first ready one that matches, or by the profile of a slice.
func (b *Brought) node() (size, error) {
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
	if _, ok := labels[workspace.LabelGPUProduct]; !ok {
		return size{}, fmt.Errorf("%w: %s", ErrNodeLabels, workspace.LabelGPUProduct)
	}
	gpus, err := strconv.Atoi(labels[workspace.LabelGPUCount])
	if err != nil {
		return size{}, fmt.Errorf("%w: %s is %q", ErrNodeLabels, workspace.LabelGPUCount, labels[workspace.LabelGPUCount])
	}
	mib, err := strconv.Atoi(labels[workspace.LabelGPUMemory])
	if err != nil {
		return size{}, fmt.Errorf("%w: %s is %q", ErrNodeLabels, workspace.LabelGPUMemory, labels[workspace.LabelGPUMemory])
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

func (b *Brought) selects(n Node) bool {
	for k, v := range b.Selector {
		if have, ok := n.Labels[k]; !workspace.ReservedLabel(k) && (!ok || have != v) {
			return false
		}
	}
	return true
}
