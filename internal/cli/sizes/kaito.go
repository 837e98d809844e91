// SPDX-License-Identifier: Apache-2.0

package sizes

import (
	"cmp"
	"fmt"
	"os"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/capacity/sizing/kaito"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
)

// Existing describes nodes that exist already. The zero value is none.
type Existing struct {
	Nodes string // file with Nodes, as kubectl get nodes -o yaml prints them
	MIG   string // profile of a GPU slice, such as 1g.10gb
	GPUs  int    // usable GPUs of a node of the file; 0 for all
}

// ByKAITO answers for each Workspace of the Path, or for the Preset, with KAITO's arithmetic. It knows nothing of
// Karpenter, and reads the ConfigMap in a way of its own. The error is about files that cannot be read, or
// answer.NoError.
func ByKAITO(reader source.Reader, r Request) ([]answer.Size, error) {
	policy := source.PolicyOf(reader.Config)
	if r.Preset != nil {
		asked := r.asked(sizing.Request{Preset: *r.Preset, InstanceType: r.InstanceType}, policy)
		s, err := r.Existing.kaito(asked, sizeOf(asked))
		return []answer.Size{s}, err
	}
	in, err := r.read(reader)
	if err != nil {
		return nil, err
	}
	policy.Source = desired.AgentPools{}
	var out []answer.Size
	for i := range in.Set.Workspaces {
		w := &in.Set.Workspaces[i]
		p, _ := in.Catalog.Lookup(w.PresetName())
		asked := desired.RequestFor(w, in.Set, p, policy)
		asked.Context = cmp.Or(r.Context, kaito.MaxModelLen(workspace.SettingsOf(in.Set, w).InferenceText))
		s := sizeOf(asked)
		if blocked := in.Set.ErrorsOf(w.Key); len(blocked) > 0 {
			s.Error, s.Reason, s.Hint = blocked[0].String(), blocked[0].Reason, blocked[0].Hint
			out = append(out, s)
			continue
		}
		s, err := r.Existing.kaito(asked, s)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// kaito answers with KAITO's arithmetic. KAITO runs its estimator for inference with vLLM; a tuning takes one node, and
// the transformers runtime as many as the Workspace says.
func (e Existing) kaito(r sizing.Request, s answer.Size) (answer.Size, error) {
	s.InstanceType, s.DiskGiB = r.InstanceType, 0
	existing, err := e.read(r)
	if err != nil {
		return s, err
	}
	model := r.Preset.Model
	ask := kaito.Request{
		WeightBytes:     model.Counted(),
		KVBytesPerToken: model.KVBytesPerToken,
		Context:         r.Context,
		Distributed:     model.Distributed,
		InstanceType:    r.InstanceType,
		Count:           r.Count,
		NoPreset:        r.Preset.Name == "" || r.Tuning || r.Transformers,
		Existing:        existing,
	}
	if r.Tuning {
		ask.Count = 1
	}
	a, err := kaito.Estimate(ask)
	if err != nil {
		s.Error = err.Error()
		return s, nil
	}
	s.Nodes, s.GPUs, s.GPUsPerNode = a.Nodes, a.GPUs, a.GPUs/max(a.Nodes, 1)
	if sku, ok := capacity.LookupSKU(r.InstanceType); ok && existing == nil {
		s.SetCost(r.Prices.Price(r.Region, sku.Name, capacity.PriorityOf(r.Spot)).Times(a.Nodes))
	}
	needed := a.WeightsGiB + a.CacheGiB + a.OverheadGiB
	s.Memory = capacity.Memory{
		WeightsGiB:  a.WeightsGiB,
		KVCacheGiB:  a.CacheGiB,
		FixedGiB:    a.OverheadGiB,
		ExpectedGiB: needed,
		RequiredGiB: needed,
		UsableGiB:   a.UsableGiB,
	}
	s.TensorParallel, s.PipelineParallel = max(s.GPUsPerNode, 1), max(a.Nodes, 1)
	return s, nil
}

// read reads the nodes; nil without any.
func (e Existing) read(r sizing.Request) (*kaito.ExistingNodes, error) {
	if e.Nodes == "" && e.MIG == "" {
		return nil, nil
	}
	b := &kaito.ExistingNodes{MIGProfile: e.MIG, Accelerators: e.GPUs, Selector: r.Selector}
	if e.Nodes == "" {
		return b, nil
	}
	data, err := os.ReadFile(e.Nodes)
	if err != nil {
		return nil, fmt.Errorf("read the nodes: %w", err)
	}
	if b.Nodes, err = readNodes(e.Nodes, data); err != nil {
		return nil, fmt.Errorf("read the nodes: %w", err)
	}
	return b, nil
}

// node holds the relevant fields of a Node, or of a List of them.
type node struct {
	Metadata struct {
		Labels            map[string]string `yaml:"labels"`
		DeletionTimestamp string            `yaml:"deletionTimestamp"`
	} `yaml:"metadata"`
	Status struct {
		Conditions []struct {
			Type   string `yaml:"type"`
			Status string `yaml:"status"`
		} `yaml:"conditions"`
	} `yaml:"status"`
	Items []node `yaml:"items"`
}

// readNodes reads Nodes from YAML or JSON, several documents or a List.
func readNodes(file string, data []byte) ([]kaito.Node, error) {
	var out []kaito.Node
	var add func(n node)
	add = func(n node) {
		for _, item := range n.Items {
			add(item)
		}
		if n.Items != nil {
			return
		}
		k := kaito.Node{Labels: n.Metadata.Labels, Deleting: n.Metadata.DeletionTimestamp != ""}
		for _, c := range n.Status.Conditions {
			k.Ready = k.Ready || c.Type == "Ready" && c.Status == "True"
		}
		out = append(out, k)
	}
	docs, syntax := strictyaml.Documents(data)
	if syntax != nil {
		return nil, syntax.In(file)
	}
	for _, doc := range docs {
		var n node
		if err := doc.Decode(&n); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		add(n)
	}
	return out, nil
}
