package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/kaito"
)

// kaito answers with KAITO's arithmetic. KAITO runs its estimator for inference with vLLM; a tuning takes one node, and the
// transformers runtime as many as the Workspace says.
func (q question) kaito(r capacity.Request, s sizing) (sizing, error) {
	s.InstanceType, s.DiskGiB = r.InstanceType, 0
	brought, err := q.brought(r)
	if err != nil {
		return s, err
	}
	model := r.Preset.Model
	ask := kaito.Request{
		WeightBytes: model.WeightBytes, KVBytesPerToken: model.KVBytesPerToken, Context: r.Context, Distributed: model.Distributed,
		InstanceType: r.InstanceType, Count: r.Count, NoPreset: r.Preset.Name == "" || r.Tuning || r.Transformers, Brought: brought,
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
	if sku, ok := capacity.LookupSKU(r.InstanceType); ok && brought == nil {
		s.HourlyCost = money(r.Prices.Price(r.Region, sku.Name, r.Spot).Times(a.Nodes))
	}
	needed := a.WeightsGiB + a.CacheGiB + a.OverheadGiB
	s.Memory = capacity.Memory{
		WeightsGiB: a.WeightsGiB, KVCacheGiB: a.CacheGiB, FixedGiB: a.OverheadGiB, ExpectedGiB: needed, RequiredGiB: needed, UsableGiB: a.UsableGiB,
	}
	s.TensorParallel, s.PipelineParallel = max(s.GPUsPerNode, 1), max(a.Nodes, 1)
	return s, nil
}

// brought returns what the flags say of nodes that are brought; nil when they say nothing.
func (q question) brought(r capacity.Request) (*kaito.Brought, error) {
	if q.nodes == "" && q.mig == "" {
		if q.gpus != 0 {
			return nil, errors.New("--gpus needs --nodes")
		}
		return nil, nil
	}
	b := &kaito.Brought{MIGProfile: q.mig, Accelerators: q.gpus, Selector: r.Selector}
	if q.nodes == "" {
		return b, nil
	}
	data, err := os.ReadFile(q.nodes)
	if err != nil {
		return nil, fmt.Errorf("--nodes: %w", err)
	}
	if b.Nodes, err = readNodes(data); err != nil {
		return nil, fmt.Errorf("--nodes: %s: %w", q.nodes, err)
	}
	return b, nil
}

// node is what matters of a Node, or of a List of them.
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
func readNodes(data []byte) ([]kaito.Node, error) {
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
	for d := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var n node
		if err := d.Decode(&n); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		add(n)
	}
}
