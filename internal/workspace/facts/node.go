// SPDX-License-Identifier: Apache-2.0

package facts

import (
	"fmt"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Node returns what matters of a Node object. A Node that a person has written has no status: it is ready.
func Node(o map[string]any) workspace.Node {
	meta, _ := o["metadata"].(map[string]any)
	spec, _ := o["spec"].(map[string]any)
	status, _ := o["status"].(map[string]any)
	n := workspace.Node{Labels: workspace.StringMap(meta["labels"]), NotReady: notReady(status)}
	n.Name, _ = meta["name"].(string)
	n.Cordoned, _ = spec["unschedulable"].(bool)
	allocatable, described := status["allocatable"].(map[string]any)
	if !described {
		n.GPUs = count(n.Labels[wellknown.LabelGPUCount])
	}
	for resource, amount := range allocatable {
		if profile, share := strings.CutPrefix(resource, wellknown.ResourceMIG); share {
			if n.Slices == nil {
				n.Slices = map[string]int64{}
			}
			n.Slices[profile] = count(amount)
		} else if resource == wellknown.ResourceGPU {
			n.GPUs = count(amount)
		}
	}
	return n
}

// notReady reports whether a status has a condition Ready that is not True.
func notReady(status map[string]any) bool {
	conditions, _ := status["conditions"].([]any)
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Ready" {
			return c["status"] != "True"
		}
	}
	return false
}

// count returns a number of devices, which Kubernetes writes without a unit; 0 for anything else.
func count(v any) int64 {
	n, err := strconv.ParseInt(fmt.Sprint(v), 10, 32)
	if err != nil {
		return 0
	}
	return max(n, 0)
}
