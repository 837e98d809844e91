// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/adoption/alike"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Claimed are the nodes that KAITO's provisioner made for a Workspace, and on which it stays after syncer has taken it
// over: syncer makes no others for it.
type Claimed struct {
	Labels map[string]string // of the nodes, with the name and the namespace of the Workspace
	Label  string            // the one with the name
	Nodes  []string          // sorted
	Claims []string          // the NodeClaims whose nodes they are, as far as the nodes name them; sorted
}

// Where names the nodes in a sentence.
func (c Claimed) Where() string {
	if len(c.Claims) == 0 {
		return "nodes of KAITO's provisioner (" + strings.Join(c.Nodes, ", ") + ")"
	}
	return "nodes of NodeClaim " + strings.Join(c.Claims, ", ")
}

// claimLabels are the labels with the name and the namespace of a Workspace on the nodes of gpu-provisioner, and on
// those of Karpenter, which AKS calls NAP.
var claimLabels = [][2]string{
	{wellknown.LabelWorkspace, wellknown.LabelWorkspaceNamespace},
	{wellknown.LabelKarpenterWorkspace, wellknown.LabelKarpenterWorkspaceNamespace},
}

// claimedBy returns the nodes that KAITO's provisioner made for a Workspace and that take pods. syncer's own nodes carry
// its label. A node that does not answer for a while still counts.
func claimedBy(k workspace.Key, nodes []cluster.Node) Claimed {
	for _, label := range claimLabels {
		c := Claimed{Label: label[0], Labels: map[string]string{label[0]: k.Name, label[1]: k.Namespace}}
		for i := range nodes {
			n := &nodes[i]
			if n.Labels[label[0]] != k.Name || n.Labels[label[1]] != k.Namespace || n.Labels[cluster.LabelCluster] != "" ||
				n.Cordoned {
				continue
			}
			c.Nodes = append(c.Nodes, n.Name)
			if n.Claim != "" && !slices.Contains(c.Claims, n.Claim) {
				c.Claims = append(c.Claims, n.Claim)
			}
		}
		if len(c.Nodes) > 0 {
			slices.Sort(c.Claims)
			return c
		}
	}
	return Claimed{}
}

// claim leaves a Workspace that was taken over from KAITO on the nodes that KAITO's provisioner made for it, for as long
// as there are enough of them and its file does not ask for others.
func (w *Workload) claim(seen Observed) {
	live, ok := seen.State.Workloads[w.Key]
	if !seen.Live || !ok || live.Adopted == nil || w.Workspace.OwnNodes() || len(w.Demand.Options) == 0 {
		return
	}
	c := claimedBy(w.Key, seen.State.Nodes)
	if len(c.Nodes) == 0 {
		return
	}
	chosen := w.optionOn(c.Nodes[0], seen.State.Nodes)
	if len(c.Nodes) < chosen.Nodes {
		return
	}
	if w.Placement.Nodes == 0 || w.NodePool != nil { // existing nodes are placed already
		w.Claimed, w.NodePool = c, nil
		w.Placement = placementOf(chosen)
		w.Placement.NodeLabels, w.Placement.Spot = w.Workspace.NodeLabels(), w.Workspace.Spot()
		w.Notes = append(slices.Clone(w.Notes), fmt.Sprintf(
			"it stays on %s; annotation %s: %s moves it", c.Where(), workspace.AnnotationNodes, workspace.NodesOwn))
	}
	w.Placement.Claimed = c.Label
}

// optionOn returns the option for the size of a node, or the first one.
func (w *Workload) optionOn(name string, nodes []cluster.Node) capacity.Option {
	for i := range nodes {
		if nodes[i].Name != name {
			continue
		}
		for _, o := range w.Demand.Options {
			if strings.EqualFold(o.SKU.Name, nodes[i].InstanceType) {
				return o
			}
		}
	}
	return w.Demand.Options[0]
}

// Stays reports whether the Workspace stays on nodes that KAITO's provisioner made.
func (w *Workload) Stays() bool { return len(w.Claimed.Nodes) > 0 }

// NodeStatus returns the part of a report that depends on where the nodes of the Workspace come from.
func (w *Workload) NodeStatus(policy Policy) status.Nodes {
	if w.Stays() {
		return status.ClaimedNodes{Names: w.Claimed.Nodes, Labels: w.Claimed.Labels, Where: w.Claimed.Where()}
	}
	return policy.NodeSource().Status()
}

// kept is what was decided about the pod template of a Workspace that was taken over from KAITO.
type kept struct {
	rendered render.Bundle              // as syncer renders it
	want     *unstructured.Unstructured // its StatefulSet
	live     cluster.Adopted
	bundle   render.Bundle // with the pod template of the live StatefulSet, or as rendered
	restarts []string
}

// keep leaves the pods of a Workspace that was taken over from KAITO alone: while they are what syncer would make, what
// syncer applies has their pod template. A change of what syncer renders ends that.
func (w *Workload) keep(near int, earlier *same, seen Observed) {
	live := seen.State.Workloads[w.Key].Adopted
	if !seen.Live || live == nil || live.Spec == nil || len(w.Blocked) > 0 {
		return
	}
	at := slices.IndexFunc(w.Bundle.Objects, func(o *unstructured.Unstructured) bool {
		return o.GetKind() == "StatefulSet" && o.GetName() == w.Name
	})
	if at < 0 {
		return
	}
	k := earlier.kept(near, w.Key)
	if k == nil || k.want != w.Bundle.Objects[at] || !reflect.DeepEqual(k.live, *live) {
		k = keepAt(w.Bundle, at, *live)
	}
	w.Bundle, w.Restarts, w.kept = k.bundle, k.restarts, k
	note := "its pods run on as KAITO made them, until a change restarts them"
	if len(k.restarts) > 0 {
		note = "its pods are KAITO's, and restart: " + strings.Join(k.restarts, "; ")
	}
	w.Notes = append(slices.Clone(w.Notes), note)
}

// Keeps reports whether the pods of KAITO's run on, although syncer would write them in other words.
func (w *Workload) Keeps() bool { return w.kept != nil && len(w.kept.restarts) == 0 }

// keepAt decides about the StatefulSet at a place of a Bundle.
func keepAt(b render.Bundle, at int, live cluster.Adopted) *kept {
	want := b.Objects[at]
	out := &kept{rendered: b, want: want, live: live, bundle: b}
	spec, _ := want.Object["spec"].(map[string]any)
	digest, err := alike.Digest(want)
	if err != nil {
		out.restarts = []string{err.Error()}
		return out
	}
	out.restarts = alike.Differences(live.Spec, spec)
	if len(out.restarts) == 0 && live.For != "" && live.For != digest {
		out.restarts = []string{"what syncer renders has changed since the take-over"}
	}
	if len(out.restarts) > 0 {
		return out
	}
	with, err := b.With(at, alike.Keep(want, live.Spec, digest))
	if err != nil {
		out.restarts = []string{err.Error()}
		return out
	}
	out.bundle = with
	return out
}

// kept returns what the last call of Desire decided, or nil.
func (s *same) kept(near int, k workspace.Key) *kept {
	if s.none() {
		return nil
	}
	if at, found := s.find(near, k); found {
		return s.workloads[at].kept
	}
	return nil
}
