package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

var bringing = Policy{Cluster: "demo", Region: "eastus", Prune: true, Brought: true}

func brought(name, labels string) string {
	return "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: " + name + "}\nresource:\n  labelSelector: {matchLabels: {" + labels + "}}\n" +
		"inference:\n  preset: {name: phi-4-mini-instruct}\n"
}

// a100 is a node with so many A100s, labelled as NVIDIA's GPU feature discovery does.
func a100(name string, gpus int, labels ...string) cluster.Node {
	n := cluster.Node{Name: name, Ready: true, GPUs: int64(gpus), Labels: map[string]string{
		workspace.LabelGPUProduct: "NVIDIA-A100-SXM4-80GB", workspace.LabelGPUCount: fmt.Sprint(gpus), workspace.LabelGPUMemory: "81920", labelComputeMajor: "8", labelComputeMinor: "0",
	}}
	for _, l := range labels {
		k, v, _ := strings.Cut(l, "=")
		n.Labels[k] = v
	}
	return n
}

func changed(n cluster.Node, f func(*cluster.Node)) cluster.Node {
	n.Labels = maps.Clone(n.Labels)
	f(&n)
	return n
}

func nodes(list ...cluster.Node) Observed {
	return Observed{Live: true, State: cluster.State{Nodes: list, Workloads: map[workspace.Key]cluster.Workload{}}}
}

func TestPlaceOnBrought(t *testing.T) {
	for name, tt := range map[string]struct {
		labels  string
		seen    Observed
		size    string // placed on
		gpus    int
		reason  string // of the trouble
		message string
		waits   bool
	}{
		"one node":             {"app: phi", nodes(a100("n", 2, "app=phi")), "NVIDIA-A100-SXM4-80GB", 2, "", "", false},
		"any node with GPUs":   {"", nodes(cluster.Node{Name: "cpu", Ready: true, Labels: map[string]string{}}, a100("n", 1)), "NVIDIA-A100-SXM4-80GB", 1, "", "", false},
		"none":                 {"app: phi", nodes(), "", 0, nodesMissing, "0 of 1 nodes: 1 more needed that match app=phi, are ready and offer nvidia.com/gpu", true},
		"none that matches":    {"app: phi", nodes(a100("n", 1, "app=other")), "", 0, nodesMissing, "0 of 1", true},
		"not ready":            {"app: phi", nodes(changed(a100("n", 1, "app=phi"), func(n *cluster.Node) { n.Ready = false })), "", 0, nodesMissing, "0 of 1", true},
		"no device plugin":     {"app: phi", nodes(changed(a100("n", 1, "app=phi"), func(n *cluster.Node) { n.GPUs = 0 })), "", 0, nodesMissing, "0 of 1", true},
		"no labels":            {"app: phi", nodes(cluster.Node{Name: "n", Ready: true, GPUs: 1, Labels: map[string]string{"app": "phi"}}), "", 0, nodeLabelsMissing, "node n lacks usable labels nvidia.com/gpu.product", true},
		"bad labels":           {"app: phi", nodes(a100("n", 1, "app=phi", workspace.LabelGPUMemory+"=much")), "", 0, nodeLabelsMissing, "node n lacks", true},
		"a size of Azure's":    {"app: phi", nodes(cluster.Node{Name: "n", Ready: true, GPUs: 2, InstanceType: "Standard_NC48ads_A100_v4", Labels: map[string]string{"app": "phi"}}), "Standard_NC48ads_A100_v4", 2, "", "", false},
		"one not labelled yet": {"app: phi", nodes(cluster.Node{Name: "a", Ready: true, GPUs: 1, Labels: map[string]string{"app": "phi"}}, a100("b", 1, "app=phi")), "NVIDIA-A100-SXM4-80GB", 1, "", "", false},
		"different count":      {"app: phi", nodes(a100("a", 1, "app=phi"), a100("b", 2, "app=phi")), "", 0, nodesDiffer, "a has 1 x NVIDIA-A100-SXM4-80GB 80 GiB, b has 2 x", true},
		"different product":    {"app: phi", nodes(a100("a", 1, "app=phi"), a100("b", 1, "app=phi", workspace.LabelGPUProduct+"=NVIDIA-H100")), "", 0, nodesDiffer, "NVIDIA-H100", true},
		"different memory":     {"app: phi", nodes(a100("a", 1, "app=phi"), a100("b", 1, "app=phi", workspace.LabelGPUMemory+"=40960")), "", 0, nodesDiffer, "40 GiB", true},
		"taken by others":      {"app: phi", nodes(changed(a100("n", 2, "app=phi"), func(n *cluster.Node) { n.Taken = 1 })), "NVIDIA-A100-SXM4-80GB", 2, gpusTaken, "taken on n by pods of others", false},
		"cordoned":             {"app: phi", nodes(changed(a100("n", 2, "app=phi"), func(n *cluster.Node) { n.Cordoned = true })), "NVIDIA-A100-SXM4-80GB", 2, gpusTaken, "taken on n by being cordoned", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := sideFor(t, bringing, map[string]string{"w.yaml": brought("phi", tt.labels)}, tt.seen).Desired
			w := d.Wishes[0]
			if len(d.Problems) > 0 {
				t.Fatalf("problems %v", d.Problems)
			}
			if w.Placement.InstanceType != tt.size || w.Placement.GPUsPerNode != tt.gpus || (w.Waiting != "") != tt.waits {
				t.Errorf("placed on %q with %d GPUs, waits for %q", w.Placement.InstanceType, w.Placement.GPUsPerNode, w.Waiting)
			}
			if w.NodeTrouble.Reason != tt.reason || !strings.Contains(w.NodeTrouble.Message, tt.message) {
				t.Errorf("trouble %+v, want %s: %s", w.NodeTrouble, tt.reason, tt.message)
			}
			if rendered := find(d, "StatefulSet") != nil; rendered == tt.waits {
				t.Errorf("rendered: %t", rendered)
			}
		})
	}
}

// TestTooLargeForTheNodes is an error of the file: nodes that may come do not change it, as all have to be alike.
func TestTooLargeForTheNodes(t *testing.T) {
	small := changed(a100("n", 1, "app=phi"), func(n *cluster.Node) { n.Labels[workspace.LabelGPUMemory] = "2048" })
	d := sideFor(t, bringing, map[string]string{"w.yaml": brought("phi", "app: phi")}, nodes(small)).Desired
	if len(d.Problems) != 1 || d.Problems[0].Field != "resource.labelSelector" || !strings.Contains(d.Problems[0].Message, "does not fit") {
		t.Errorf("problems %v", d.Problems)
	}
}

// TestGPUsArePromisedOnce gives the GPUs of shared nodes to who has them already, then in the order of names.
func TestGPUsArePromisedOnce(t *testing.T) {
	files := map[string]string{"a.yaml": brought("a", "pool: x"), "b.yaml": brought("b", "pool: x"), "c.yaml": brought("c", "pool: x")}
	seen := nodes(a100("n0", 1, "pool=x"), a100("n1", 1, "pool=x"))
	troubled := func() (out []string) {
		for _, w := range sideFor(t, bringing, files, seen).Desired.Wishes {
			if w.NodeTrouble.Reason != "" {
				out = append(out, w.Name+" "+w.NodeTrouble.Reason+" "+w.NodeTrouble.Message)
			}
		}
		return out
	}
	want := "c GPUsTaken 0 of 1 nodes: no other that matches pool=x has 1 nvidia.com/gpu free; taken on n0 by default/a; n1 by default/b"
	if got := troubled(); !slices.Equal(got, []string{want}) {
		t.Errorf("%q", got)
	}
	seen.State.Workloads[workspace.Key{Namespace: "default", Name: "c"}] = cluster.Workload{Pods: []cluster.Pod{{Name: "c-0", Node: "n0", Phase: "Running"}}}
	want = "b GPUsTaken 0 of 1 nodes: no other that matches pool=x has 1 nvidia.com/gpu free; taken on n0 by default/c; n1 by default/a"
	if got := troubled(); !slices.Equal(got, []string{want}) {
		t.Errorf("%q", got)
	}
	files["c.yaml"] = annotated(brought("c", "pool: x"), `syncer.dev/suspend: "true"`)
	delete(seen.State.Workloads, workspace.Key{Namespace: "default", Name: "c"})
	if got := troubled(); len(got) != 0 {
		t.Errorf("with c suspended: %q", got)
	}
}

// TestWhatRunsDecidesAmongNodesThatDiffer keeps a placement when another kind of node comes.
func TestWhatRunsDecidesAmongNodesThatDiffer(t *testing.T) {
	seen := nodes(a100("a", 1, "app=phi"), a100("b", 2, "app=phi"))
	seen.State.Workloads[workspace.Key{Namespace: "default", Name: "phi"}] = cluster.Workload{Pods: []cluster.Pod{{Name: "phi-0", Node: "b", Phase: "Running"}}}
	w := sideFor(t, bringing, map[string]string{"w.yaml": brought("phi", "app: phi")}, seen).Desired.Wishes[0]
	if w.Placement.GPUsPerNode != 2 || w.Waiting != "" || w.NodeTrouble.Reason != "" || len(w.Notes) != 1 || !strings.Contains(w.Notes[0], "b has 2 x NVIDIA-A100-SXM4-80GB 80 GiB, a has 1 x") {
		t.Errorf("placement %+v, waits for %q, trouble %+v, notes %q", w.Placement, w.Waiting, w.NodeTrouble, w.Notes)
	}
}

// TestSomeNodesAreMissing makes what can be made, and says how many nodes are missing.
func TestSomeNodesAreMissing(t *testing.T) {
	file := strings.Replace(brought("big", "app: big"), "phi-4-mini-instruct", "llama-3.3-70b-instruct, presetOptions: {modelAccessSecret: hf}", 1)
	d := sideFor(t, bringing, map[string]string{"w.yaml": file}, nodes(a100("a", 1, "app=big"))).Desired
	w := d.Wishes[0]
	if n := w.Placement.Nodes; n < 2 || find(d, "StatefulSet") == nil || w.NodeTrouble.Reason != nodesMissing ||
		!strings.HasPrefix(w.NodeTrouble.Message, fmt.Sprintf("1 of %d nodes: %d more needed", n, n-1)) {
		t.Errorf("problems %v; placement %+v, trouble %+v", d.Problems, w.Placement, w.NodeTrouble)
	}
}

// TestWaitingKeepsWhatIsLive removes the last node: nothing is deleted, and other Workspaces go on.
func TestWaitingKeepsWhatIsLive(t *testing.T) {
	files := map[string]string{"a.yaml": brought("a", "app: a"), "b.yaml": brought("b", "app: b")}
	seen := liveOf(sideFor(t, bringing, files, nodes(a100("a", 1, "app=a"), a100("b", 1, "app=b"))))
	seen.Live, seen.State.Nodes = true, []cluster.Node{a100("b", 1, "app=b")}
	s := sideFor(t, bringing, files, seen)
	p := AgainstLive(LiveInput{Policy: bringing, Side: s, Seen: seen, Previews: make([]cluster.Preview, len(s.Desired.Objects))})
	if !p.Empty() {
		t.Errorf("changes %+v", p.Changes)
	}
	held := 0
	for _, c := range p.Changes {
		if c.Op == Hold && c.Workspace.Name == "a" && strings.Contains(c.Reason, "0 of 1 nodes") {
			held++
		}
	}
	if held == 0 {
		t.Errorf("nothing is held: %+v", p.Changes)
	}
	// A file that is gone takes its objects with it, whatever the nodes do.
	delete(files, "a.yaml")
	s = sideFor(t, bringing, files, seen)
	p = AgainstLive(LiveInput{Policy: bringing, Side: s, Seen: seen, Previews: make([]cluster.Preview, len(s.Desired.Objects))})
	if p.Counts()[Delete] == 0 {
		t.Errorf("changes %+v", p.Changes)
	}
}

// TestOfflineBroughtIsCheckedInFull shows that without a cluster a Workspace is rendered for a stand-in.
func TestOfflineBroughtIsCheckedInFull(t *testing.T) {
	d := sideFor(t, bringing, map[string]string{"w.yaml": brought("phi", "app: phi")}, Observed{}).Desired
	if len(d.Problems) != 0 || find(d, "StatefulSet") == nil || !strings.Contains(strings.Join(d.Wishes[0].Notes, "\n"), "no nodes are known here") {
		t.Errorf("problems %v, notes %v", d.Problems, d.Wishes[0].Notes)
	}
	template := "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: t}\nresource:\n  count: 2\n  labelSelector: {matchLabels: {app: t}}\n" +
		"inference:\n  template: {spec: {containers: [{name: c, image: example.com/x}]}}\n"
	d = sideFor(t, bringing, map[string]string{"w.yaml": template}, Observed{}).Desired
	if len(d.Problems) != 0 || d.Wishes[0].Placement.Nodes != 2 {
		t.Errorf("problems %v, placement %+v", d.Problems, d.Wishes[0].Placement)
	}
	d = sideFor(t, bringing, map[string]string{"w.yaml": strings.Replace(brought("phi", "app: phi"), "resource:\n", "resource:\n  instanceType: Standard_NC24ads_A100_v4\n", 1)}, Observed{}).Desired
	if len(d.Problems) != 1 || d.Problems[0].Field != "resource.instanceType" {
		t.Errorf("problems %v", d.Problems)
	}
}

// TestPartitions places on parts of GPUs and of nodes.
func TestPartitions(t *testing.T) {
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := catalog.Lookup("phi-4-mini-instruct")
	three, five := 3, 5
	slices_ := func(profile string, count int64) cluster.Node {
		return changed(a100("n", 1, "app=w"), func(n *cluster.Node) { n.GPUs, n.Slices = 0, map[string]int64{profile: count} })
	}
	for name, tt := range map[string]struct {
		part    workspace.Partition
		seen    Observed
		gpus    int
		refused string
		trouble string
	}{
		"slice":                         {workspace.Partition{Mode: "mig", Profile: "3g.40gb"}, nodes(slices_("3g.40gb", 2)), 1, "", ""},
		"slice, offline":                {workspace.Partition{Mode: "mig", Profile: "3g.40gb"}, Observed{}, 1, "", ""},
		"slice that nobody offers":      {workspace.Partition{Mode: "mig", Profile: "3g.40gb"}, nodes(slices_("1g.10gb", 7)), 0, "", "offer nvidia.com/mig-3g.40gb"},
		"slice that is too small":       {workspace.Partition{Mode: "mig", Profile: "1g.5gb"}, nodes(slices_("1g.5gb", 7)), 0, "does not fit", ""},
		"no slice at all":               {workspace.Partition{Mode: "mig", Profile: "large"}, nodes(slices_("large", 7)), 0, "is not a MIG profile", ""},
		"some GPUs":                     {workspace.Partition{Mode: "accelerator", Count: &three}, nodes(a100("n", 4, "app=w")), 3, "", ""},
		"some GPUs, offline":            {workspace.Partition{Mode: "accelerator", Count: &three}, Observed{}, 3, "", ""},
		"more GPUs than the node has":   {workspace.Partition{Mode: "accelerator", Count: &five}, nodes(a100("n", 4, "app=w")), 0, "5 GPUs of a node with 4 cannot be had", ""},
		"a slice of nodes that are all": {workspace.Partition{Mode: "mig", Profile: "7g.80gb"}, nodes(slices_("7g.80gb", 1), a100("z", 4, "app=w")), 1, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			ws := &workspace.Workspace{
				Key: workspace.Key{Namespace: "default", Name: "w"}, Inference: &workspace.Inference{Preset: &workspace.PresetSpec{Name: p.Name}},
				Resource: workspace.Resource{Partition: &tt.part, LabelSelector: &workspace.LabelSelector{MatchLabels: map[string]string{"app": "w"}}},
			}
			wishes := []Wish{{Key: ws.Key, Workspace: ws}}
			w := &wishes[0]
			err := placeOnBrought(w, &workspace.Set{}, p, bringing, tt.seen)
			switch {
			case tt.refused != "":
				if err == nil || !strings.Contains(err.Error(), tt.refused) {
					t.Errorf("error %v, want %q", err, tt.refused)
				}
				return
			case err != nil:
				t.Fatal(err)
			}
			shareBrought(wishes, tt.seen)
			if w.Placement.GPUsPerNode != tt.gpus || !strings.Contains(w.NodeTrouble.Message, tt.trouble) || (w.NodeTrouble.Reason != "") != (tt.trouble != "") {
				t.Errorf("%d GPUs, trouble %+v", w.Placement.GPUsPerNode, w.NodeTrouble)
			}
		})
	}
}

func TestNodeSKU(t *testing.T) {
	n := a100("n", 1)
	n.Labels[workspace.LabelGPUProduct], n.Labels[workspace.LabelGPUMemory], n.Labels[labelComputeMinor] = "NVIDIA-A10-24Q", "23028", "6"
	got, err := nodeSKU(n)
	if want := (capacity.SKU{Name: "NVIDIA-A10-24Q", GPUs: 1, GPUModel: "NVIDIA A10", GPUMemoryGiB: 22, GPUUsableGiB: 23028.0 / 1024, ComputeCapability: 8.6}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}
