// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"fmt"
	"strings"
)

// installPlugin gives nodes the device plugin.
const installPlugin = "kubectl apply -f docs/examples/nvidia-device-plugin.yaml"

// gpus judges whether pods can get the GPUs of nodes. A node shows it by what it offers: whether AKS, an operator or a
// DaemonSet has brought the driver and the device plugin makes no difference. Without such a node only a DaemonSet
// shows something, and its absence nothing: AKS may bring the plugin with the node.
func gpus(n Nodes) Line {
	l := Line{Area: GPU, Check: "driver and device plugin", State: OK}
	if n.State != OK {
		l.State, l.Detail = n.State, n.Detail
		if n.State == Missing { // the line of the role has the command
			l.State = Unknown
		}
		return l
	}
	var offers, bare []string
	for _, node := range n.GPUs {
		switch {
		case node.Offered > 0:
			offers = append(offers, node.Name)
		case node.Ready:
			bare = append(bare, fmt.Sprintf("%s (%s)", node.Name, node.Size))
		}
	}
	switch {
	case len(bare) > 0:
		l.State, l.Fix = Missing, installPlugin
		l.Detail = "ready, but no nvidia.com/gpu: " + list(bare) + "; the driver or the plugin is missing, or still starts"
	case len(offers) > 0:
		l.Detail = "GPUs are offered by " + list(offers)
	case len(n.Plugins) > 0:
		l.Detail = "DaemonSet " + strings.Join(n.Plugins, ", ") + "; no node with GPUs yet, which would prove it"
	case n.PluginsKnown:
		l.State, l.Fix = Unknown, installPlugin
		l.Detail = "no node with GPUs yet, and no DaemonSet of the plugin; fine where AKS manages the driver and the plugin"
	default:
		l.State = Unknown
		l.Detail = "no node with GPUs yet, and DaemonSets may not be listed"
	}
	return l
}
