// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/preset"
)

// llama70Known is Llama-3.3-70B with all of its figures.
var llama70Known = preset.Preset{Name: "llama-3.3-70b-instruct", Model: preset.Model{
	WeightBytes:      141107412992,
	Parameters:       70553706496,
	HiddenSize:       8192,
	Layers:           80,
	Heads:            64,
	KVHeads:          8,
	HeadDim:          128,
	IntermediateSize: 28672,
	VocabSize:        128256,
	ContextLength:    131072,
	Distributed:      true,
	TensorParallel:   true,
}}

func TestConsider(t *testing.T) {
	reasons := map[string]string{}
	var taken []string
	for _, v := range Evaluate(Request{Preset: llama70Known, Region: "eastus"}) {
		if v.Eligible {
			taken = append(taken, v.SKU.Name)
		} else {
			reasons[v.SKU.Name] = v.Reason
		}
	}
	// 2.26 USD/h for each of 16 A10 would be dear, were they enough.
	if len(taken) < 6 || taken[0] != "Standard_NC48ads_A100_v4" && taken[0] != "Standard_NC24ads_A100_v4" {
		t.Errorf("taken: %v", taken)
	}
	for size, want := range map[string]string{
		"Standard_NC4as_T4_v3":                "bfloat16",
		"Standard_ND96isr_MI300X_v5":          "AMD",
		"Standard_ND128isr_NDR_GB200_v6":      "Arm",
		"Standard_NC36ds_xl_RTXPRO6000BSE_v6": "do not agree on the names",
		"Standard_NV6ads_A10_v5":              "a share of a GPU",
		"Standard_NCC40ads_H100_v5":           "no price in eastus",
		"Standard_NP10s":                      "no GPU",
	} {
		if !strings.Contains(reasons[size], want) {
			t.Errorf("%s: %q, want %q", size, reasons[size], want)
		}
	}
	if _, told := reasons["Standard_NC6s_v3"]; told {
		t.Error("a retired size is a candidate")
	}
	for _, v := range Evaluate(Request{
		Preset: llama70Known,
		Region: "eastus",
		Limits: capacity.Limits{AllowedSizes: []string{"Standard_ND*"}},
	}) {
		if v.SKU.Name == "Standard_NC48ads_A100_v4" && !strings.Contains(v.Reason, "allowedSizes") {
			t.Errorf("policy: %q", v.Reason)
		}
	}
}

func TestUnverifiedSizesAreTakenWhenNamed(t *testing.T) {
	const quarter = "Standard_NC36lds_xl_RTXPRO6000BSE_v6"
	small := capacitytest.Phi4Mini
	for _, tt := range []struct {
		name   string
		r      Request
		chosen string
	}{
		{"not by itself", Request{Preset: small, Region: "eastus"}, "Standard_NV36ads_A10_v5"},
		{
			name:   "nor by a pattern",
			r:      Request{Preset: small, Region: "eastus", Limits: capacity.Limits{AllowedSizes: []string{"Standard_N*"}}},
			chosen: "Standard_NV36ads_A10_v5",
		},
		{"by the Workspace", Request{Preset: small, Region: "eastus", InstanceType: quarter}, quarter},
		{
			name: "by the policy",
			r: Request{
				Preset: small,
				Region: "eastus",
				Limits: capacity.Limits{AllowedSizes: []string{"Standard_N*", quarter}},
			},
			chosen: quarter,
		},
	} {
		d, err := Size(tt.r)
		if err != nil || d.Options[0].SKU.Name != tt.chosen {
			t.Errorf("%s: %v, %+v", tt.name, err, d.Options)
			continue
		}
		if told := strings.Contains(strings.Join(d.Notes, "\n"), "not verified"); told != (tt.chosen == quarter) {
			t.Errorf("%s: notes %q", tt.name, d.Notes)
		}
	}
}

func TestShares(t *testing.T) {
	d, err := Size(Request{Preset: llama70Known, Region: "eastus"})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(d.Shares, func(o capacity.Option) bool { return o.SKU.Name == "Standard_ND96isr_H100_v5" })
	if i < 0 {
		t.Fatalf("no part of a node with H100s: %+v", d.Shares)
	}
	have := d.Shares[i]
	want := capacity.Option{
		SKU:              have.SKU,
		Nodes:            1,
		GPUsPerNode:      4,
		GPUs:             4,
		TensorParallel:   4,
		PipelineParallel: 1,
		DataParallel:     1,
		Memory:           have.Memory,
		HourlyCost:       capacity.Cost{USD: 49.16, Known: true},
	}
	if diff := cmp.Diff(want, have, cmpopts.EquateApprox(0, 0.005)); diff != "" {
		t.Errorf("share of a node with H100s (-want +have):\n%s", diff)
	}
	for _, o := range d.Shares {
		if o.GPUsPerNode >= o.SKU.GPUs || !o.Memory.Fits() {
			t.Errorf("not a part of a node, or too little: %+v", o)
		}
	}
	for _, o := range d.Options {
		if o.GPUsPerNode != o.SKU.GPUs {
			t.Errorf("not a whole node: %+v", o)
		}
	}
}

// TestSharesOnlyWhereSizingSelects: a tuning job takes one GPU of a node; a size that the user names is not shared, and
// neither is the substitute of a retired one.
func TestSharesOnlyWhereSizingSelects(t *testing.T) {
	size := func(r Request) capacity.Demand {
		t.Helper()
		r.Region = "eastus"
		d, err := Size(r)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := size(Request{Preset: phi3Tuned, Tuning: true, Method: preset.QLoRA})
	if len(d.Shares) == 0 || d.Shares[0].GPUsPerNode != 1 {
		t.Errorf("tuning: %+v", d.Shares)
	}
	if d = size(Request{Preset: llama70Known, InstanceType: "Standard_ND96isr_H100_v5"}); d.Shares != nil {
		t.Errorf("named size: %+v", d.Shares)
	}
	d = size(Request{Preset: capacitytest.Phi4Mini, InstanceType: "Standard_NC6s_v3"})
	if d.Shares != nil || d.Substituted == "" {
		t.Errorf("substitute of %q: %+v", d.Substituted, d.Shares)
	}
}

func TestComputeCapability(t *testing.T) {
	small := preset.Model{
		WeightBytes:      8 << 30,
		HiddenSize:       2048,
		Layers:           32,
		KVHeads:          8,
		HeadDim:          128,
		VocabSize:        100000,
		IntermediateSize: 8192,
	}
	gemm := preset.Preset{Name: "deepseek-v3.2", CUDAToolkit: true, Model: small}
	gemm.Model.Architecture = "DeepseekV32ForCausalLM"
	fp8 := preset.Preset{
		Name:          "glm",
		Model:         small,
		RunParameters: map[preset.Runtime]map[string]string{preset.VLLM: {"kv-cache-dtype": "fp8"}},
	}
	toolkit := preset.Preset{Name: "mistral-small-4", CUDAToolkit: true, Model: small}
	for _, tt := range []struct {
		p    preset.Preset
		size string
		want string
	}{
		{gemm, "Standard_NC24ads_A100_v4", "compute capability 9.0"},
		{gemm, "Standard_NC40ads_H100_v5", ""},
		{toolkit, "Standard_NC24ads_A100_v4", ""},
		{fp8, "Standard_NC24ads_A100_v4", "compute capability 8.9"},
		{fp8, "Standard_NV36ads_A10_v5", "compute capability 8.9"},
		{fp8, "Standard_NC40ads_H100_v5", ""},
	} {
		_, err := Size(Request{Preset: tt.p, InstanceType: tt.size, Region: "eastus"})
		var refused *capacity.RefusedError
		if errors.As(err, &refused); (err == nil) != (tt.want == "") ||
			err != nil &&
				(!strings.Contains(refused.Message, tt.want) || !strings.Contains(refused.Hint(), "Standard_NC40ads_H100_v5")) {
			t.Errorf("%s on %s: %v", tt.p.Name, tt.size, err)
		}
	}
	for quantization, sizes := range map[string][2]string{
		"fp8": {
			"Standard_NC24ads_A100_v4",
			"Standard_NC40ads_H100_v5",
		}, "mxfp4": {
			"Standard_NV36ads_A10_v5",
			"Standard_NC40ads_H100_v5",
		}, "nvfp4-pack-quantized": {"Standard_NC40ads_H100_v5", ""},
	} {
		p := preset.Preset{Name: "packed", Model: small}
		p.Model.Quantization = quantization
		for i, size := range sizes {
			if size == "" {
				continue
			}
			d, err := Size(Request{Preset: p, InstanceType: size, Region: "eastus"})
			if slow := strings.Contains(strings.Join(d.Notes, ""), "unpacked"); err != nil || slow != (i == 0) {
				t.Errorf("%s on %s: %v, %q", quantization, size, err, d.Notes)
			}
		}
	}
	// The name of a GPU identifies it on an existing node.
	if _, err := SizeOn(
		Request{Preset: fp8},
		capacity.SKU{Name: "own", GPUs: 1, GPUModel: "NVIDIA-A100-SXM4-80GB", GPUMemoryGiB: 80, GPUUsableGiB: 80},
	); err == nil ||
		!strings.Contains(err.Error(), "8.9") {
		t.Errorf("existing A100: %v", err)
	}
	if _, err := SizeOn(
		Request{Preset: fp8},
		capacity.SKU{Name: "own", GPUs: 1, GPUModel: "Something-New", GPUMemoryGiB: 80, GPUUsableGiB: 80},
	); err != nil {
		t.Errorf("a GPU with an unknown capability is refused: %v", err)
	}
}

func TestDisks(t *testing.T) {
	huge := preset.Preset{
		Name:  "huge",
		Model: preset.Model{WeightBytes: 1000 << 30, Heads: 128, Layers: 61, TensorParallel: true, Distributed: true},
	}
	reasons := map[string]string{}
	for _, v := range Evaluate(Request{Preset: huge, Region: "eastus"}) {
		reasons[v.SKU.Name] = v.Reason
	}
	if !strings.Contains(reasons["Standard_NC24ads_A100_v4"], "NVMe disks 894") ||
		reasons["Standard_ND96isr_H100_v5"] != "" {
		t.Errorf("%q, %q", reasons["Standard_NC24ads_A100_v4"], reasons["Standard_ND96isr_H100_v5"])
	}
	for _, tt := range []struct {
		p      preset.Preset
		tuning bool
		want   int
	}{
		{preset.Preset{Name: "a", DiskGiB: 87, Model: preset.Model{WeightBytes: 7 << 30}}, false, 87},
		{preset.Preset{Name: "a", Model: preset.Model{WeightBytes: 7<<30 + 1}}, false, 88},
		{preset.Preset{Name: "a", DiskGiB: 87, Tuning: &preset.Tuning{DiskGiB: 70}}, true, 70},
		{preset.Preset{}, false, 1024}, // a pod template
	} {
		if got := DiskFor(tt.p, tt.tuning); got != tt.want {
			t.Errorf("%+v: %d GiB, want %d", tt.p, got, tt.want)
		}
	}
}

// TestRefusalsSayWhatWouldHelp: the cheapest size, the policy, or a shorter context.
func TestRefusalsSayWhatWouldHelp(t *testing.T) {
	huge := preset.Preset{
		Name:  "huge",
		Model: preset.Model{WeightBytes: 8000 << 30, Heads: 128, Layers: 61, TensorParallel: true, Distributed: true},
	}
	long := capacitytest.Phi4Mini
	long.Model.Distributed, long.Model.TensorParallel, long.Model.ContextLength = false, false, 1<<20
	for _, tt := range []struct {
		name string
		r    Request
		hint string
	}{
		{
			name: "too small",
			r:    Request{Preset: llama70Known, Transformers: true, InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus"},
			hint: "the cheapest size that fits is Standard_NC80adis_H100_v5 (2 x H100 94 GB, 13.96 USD/h, " +
				"10191 USD/month, prices of 2026-06-18)",
		},
		{
			name: "policy",
			r: Request{
				Preset: llama70Known,
				Region: "eastus",
				Limits: capacity.Limits{AllowedSizes: []string{"Standard_NV6ads_A10_v5"}},
			},
			hint: "none is allowed by capacity.limits.allowedSizes; the cheapest is Standard_N",
		},
		{
			name: "context",
			r:    Request{Preset: long, Context: 1 << 20, Region: "eastus"},
			hint: "with a context of 524288 tokens it would fit",
		},
		{
			name: "context on one's own size",
			r:    Request{Preset: long, Context: 1 << 20, InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus"},
			hint: "with a context of 524288 tokens it would fit",
		},
		{"longer than the model", Request{Preset: capacitytest.Phi4Mini, Context: 131073, Region: "eastus"}, "up to 131072"},
		{"nothing", Request{Preset: huge, Region: "eastus"}, "smaller model"},
		{"region", Request{Preset: capacitytest.Phi4Mini, Region: "nowhere"}, "capacity.aks.location"},
	} {
		_, err := Size(tt.r)
		var refused *capacity.RefusedError
		if !errors.As(err, &refused) || !strings.Contains(refused.Hint(), tt.hint) || refused.Field == "" ||
			refused.Message == "" {
			t.Errorf("%s: %v (%s)", tt.name, err, refused)
			if refused != nil {
				t.Log(refused.Hint())
			}
		}
	}
}

// TestFewNodesOverEthernet: 671 GiB take 13 nodes with one A100 each, which sizing does not select; a user may name the
// size.
func TestFewNodesOverEthernet(t *testing.T) {
	deepseek := preset.Preset{Name: "deepseek-v3", Model: preset.Model{
		Architecture:     "DeepseekV3ForCausalLM",
		Quantization:     "fp8",
		WeightBytes:      688586727424,
		Parameters:       671026419200,
		HiddenSize:       7168,
		Layers:           61,
		Heads:            128,
		KVHeads:          128,
		Attention:        "mla",
		KVLatent:         576,
		VocabSize:        129280,
		IntermediateSize: 18432,
		Experts:          256,
		Distributed:      true,
		TensorParallel:   true,
	}}
	for _, o := range (&Request{Preset: deepseek, Region: "eastus"}).options("") {
		if o.Nodes > maxNodesOverEthernet && !o.SKU.InfiniBand {
			t.Errorf("%d x %s", o.Nodes, o.SKU.Name)
		}
	}
	d, err := Size(Request{Preset: deepseek, Region: "eastus", InstanceType: "Standard_NC24ads_A100_v4"})
	if err != nil || d.Options[0].Nodes != 13 || d.Options[0].PipelineParallel != 13 {
		t.Errorf("%v, %+v", err, d.Options)
	}
}

func TestManyNodesAreRemarkedOn(t *testing.T) {
	d, err := Size(Request{Preset: llama70Known, InstanceType: "Standard_NC24ads_A100_v4", Region: "eastus"})
	if err != nil || d.Options[0].Nodes < 2 || !strings.Contains(strings.Join(d.Notes, ""), "over Ethernet") {
		t.Errorf("%v, %+v", err, d)
	}
	o := d.Options[0].WithNodes(5)
	if o.GPUs != 5 || o.PipelineParallel != 5 || o.HourlyCost.String() != "18.37" {
		t.Errorf("5 nodes: %+v", o)
	}
	two := capacity.Option{SKU: capacity.SKU{GPUs: 4}, Nodes: 1, GPUsPerNode: 4, TensorParallel: 2, PipelineParallel: 2}
	if o := two.WithNodes(3); o.PipelineParallel != 6 {
		t.Errorf("two stages in each of 3 nodes: %+v", o)
	}
}
