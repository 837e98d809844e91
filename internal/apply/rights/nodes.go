// SPDX-License-Identifier: Apache-2.0

package rights

import (
	"context"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/preflight"
	"syncer.dev/syncer/internal/wellknown"
)

// Nodes asks which nodes have GPUs, and what they offer. hasGPUs tells the sizes of machines that have some.
func (c *Client) Nodes(ctx context.Context, hasGPUs func(size string) bool) preflight.Nodes {
	all, err := c.core.Nodes().List(ctx, metav1.ListOptions{})
	switch {
	case apierrors.IsForbidden(err):
		return preflight.Nodes{Answer: preflight.Answer{State: preflight.Unknown, Detail: "nodes may not be listed"}}
	case err != nil:
		return preflight.Nodes{Answer: preflight.Answer{State: preflight.Failed, Detail: err.Error()}}
	}
	out := preflight.Nodes{Answer: preflight.Answer{State: preflight.OK}}
	for i := range all.Items {
		if n := node(&all.Items[i]); n.Offered > 0 || hasGPUs(n.Size) {
			out.GPUs = append(out.GPUs, n)
		}
	}
	out.Plugins, out.PluginsKnown = c.plugins(ctx)
	return out
}

func node(n *corev1.Node) preflight.Node {
	out := preflight.Node{Name: n.Name, Size: n.Labels[wellknown.LabelInstanceType]}
	for resource, quantity := range n.Status.Allocatable {
		if name := string(resource); name == wellknown.ResourceGPU || strings.HasPrefix(name, wellknown.ResourceMIG) {
			out.Offered += quantity.Value()
		}
	}
	out.Ready = slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
	return out
}

// pluginImage is in the name of the image of NVIDIA's device plugin, in NVIDIA's registry and in Microsoft's.
const pluginImage = "k8s-device-plugin"

// plugins lists the DaemonSets of the device plugin, if they may be listed: syncer's own roles do not allow it.
func (c *Client) plugins(ctx context.Context) (names []string, known bool) {
	all, err := c.apps.DaemonSets("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, false
	}
	for i := range all.Items {
		if d := &all.Items[i]; isPlugin(d) {
			names = append(names, d.Namespace+"/"+d.Name)
		}
	}
	return names, true
}

func isPlugin(d *appsv1.DaemonSet) bool {
	return slices.ContainsFunc(d.Spec.Template.Spec.Containers, func(c corev1.Container) bool {
		return strings.Contains(c.Image, pluginImage)
	})
}
