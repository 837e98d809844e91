// SPDX-License-Identifier: Apache-2.0

package karpenter

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// small is a model of about four billion parameters that any GPU of 24 GiB serves.
var small = preset.Preset{Name: "small", Model: preset.Model{
	WeightBytes:     8 << 30,
	ContextLength:   32768,
	KVBytesPerToken: 131072,
	Heads:           32,
	KVHeads:         8,
	TensorParallel:  true,
	Distributed:     true,
}}

var (
	azureClass = NodeClass{Group: "karpenter.azure.com", Kind: "AKSNodeClass", Name: "gpu"}
	awsClass   = NodeClass{Group: "karpenter.k8s.aws", Kind: "EC2NodeClass", Name: "gpu"}
)

func TestNodePoolName(t *testing.T) {
	long := strings.Repeat("n", 52)
	names := map[string]string{}
	for _, k := range []workspace.Key{
		{Namespace: "default", Name: "phi-4"},
		{Namespace: "a", Name: "b-c"},
		{Namespace: "a-b", Name: "c"},
		{Namespace: "a-namespace-with-a-long-name", Name: long},
		{Namespace: "anothernamespacewithalongname", Name: long},
	} {
		name := NodePoolName(k)
		if len(name) > 63 || names[name] != "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("%s: name %q (also of %s)", k, name, names[name])
		}
		names[name] = k.String()
	}
	if got := NodePoolName(workspace.Key{Namespace: "default", Name: "phi-4"}); got != "default-phi-4" {
		t.Errorf("name %q is not KAITO's", got)
	}
}

func TestKarpenterSize(t *testing.T) {
	large := small
	large.Name, large.Model.WeightBytes = "large", 130<<30
	alone := large
	alone.Model.Distributed = false
	google := Settings{
		Class: NodeClass{Group: "karpenter.k8s.gcp", Kind: "GCENodeClass", Name: "default"},
		Sizes: []capacity.SKU{must(ParseSize("a2-highgpu-1g=1x40"))},
	}
	for _, tt := range []struct {
		name      string
		karpenter Settings
		preset    preset.Preset
		size      string
		current   string
		allowed   []string
		want      []string // that may be taken, best first
		refused   string
	}{
		{
			name:      "AWS, cheapest left to Karpenter",
			karpenter: Settings{Class: awsClass},
			preset:    small,
			allowed:   []string{"g6.*"},
			want:      []string{"g6.xlarge", "g6.2xlarge", "g6.4xlarge", "g6.8xlarge", "g6.16xlarge"},
		},
		{
			name:      "AWS, the choice stays",
			karpenter: Settings{Class: awsClass},
			preset:    small,
			size:      "auto",
			current:   "g6e.xlarge",
			allowed:   []string{"g6*.xlarge"},
			want:      []string{"g6e.xlarge"},
		},
		{"AWS, named", Settings{Class: awsClass}, small, "G5.2xlarge", "", nil, []string{"g5.2xlarge"}, ""},
		{"AWS, large", Settings{Class: awsClass}, large, "", "", []string{"p*"}, []string{"p4d.24xlarge"}, ""},
		{"AWS, too small", Settings{Class: awsClass}, alone, "g5.xlarge", "", nil, nil, "the smallest that fits is"},
		{
			name:      "AWS, unknown",
			karpenter: Settings{Class: awsClass},
			preset:    small,
			size:      "g99.xlarge",
			refused: "the smallest that fits is g5.xlarge; an instance type that is not known is described in " +
				"capacity.karpenter.sizes",
		},
		{"AWS, not allowed", Settings{Class: awsClass}, small, "g5.xlarge", "", []string{"p*"}, nil, "allowed: p*"},
		{
			name:      "Azure, named",
			karpenter: Settings{Class: azureClass},
			preset:    small,
			size:      "Standard_NC24ads_A100_v4",
			want:      []string{"Standard_NC24ads_A100_v4"},
		},
		{
			name:      "Azure, retired",
			karpenter: Settings{Class: azureClass},
			preset:    small,
			size:      "Standard_NC6s_v3",
			allowed:   []string{"Standard_NC24ads*"},
			want:      []string{"Standard_NC24ads_A100_v4"},
		},
		{"another cloud", google, small, "", "", nil, []string{"a2-highgpu-1g"}, ""},
		{
			name:      "another cloud, nothing described",
			karpenter: Settings{Class: google.Class},
			preset:    small,
			refused:   "described in capacity.karpenter.sizes",
		},
		{"a template needs a size", Settings{Class: awsClass}, preset.Preset{}, "", "", nil, nil, "name one of this cloud"},
		{
			name:      "a template on an unknown size",
			karpenter: Settings{Class: awsClass},
			size:      "g99.xlarge",
			want:      []string{"g99.xlarge"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := tt.karpenter.Size(
				sizing.Request{
					Preset:       tt.preset,
					InstanceType: tt.size,
					Current:      tt.current,
					Region:       "eastus",
					Limits:       capacity.Limits{AllowedSizes: tt.allowed},
				},
			)
			if tt.refused != "" {
				var refused *capacity.RefusedError
				if !errors.As(err, &refused) || !strings.Contains(refused.Hint(), tt.refused) ||
					refused.Field != "resource.instanceType" {
					t.Fatalf("got %+v, %#v; want a refusal with the hint %q", d.Options, err, tt.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := interchangeable(d, tt.size == "" || tt.size == "auto"); !slices.Equal(got, tt.want) {
				t.Errorf("sizes %v, want %v", got, tt.want)
			}
			if c := d.Options[0].HourlyCost; c.Known != tt.karpenter.Class.Azure() {
				t.Errorf("cost %+v", c)
			}
		})
	}
}

func must(s capacity.SKU, err error) capacity.SKU {
	if err != nil {
		panic(err)
	}
	return s
}

func TestParse(t *testing.T) {
	for _, bad := range []string{"", "x", "x=1", "x=ax40", "=1x40", "x=0x40", "x=1x0"} {
		if s, err := ParseSize(bad); err == nil {
			t.Errorf("ParseSize(%q) = %+v", bad, s)
		}
	}
	for _, bad := range []string{"", "x", "x=", "=y"} {
		if r, err := ParseRequirement(bad); err == nil {
			t.Errorf("ParseRequirement(%q) = %+v", bad, r)
		}
	}
	if r, err := ParseRequirement("zone=a|b"); err != nil || r.Key != "zone" ||
		!slices.Equal(r.Values, []string{"a", "b"}) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRefusedLabel(t *testing.T) {
	for label, refused := range map[string]bool{
		"app":                         false,
		"example.com/team":            false,
		"topology.kubernetes.io/zone": false,
		"karpenter.kaito.sh/x":        false,
		"node.kubernetes.io/x":        false,
		"app.kubernetes.io/name":      true,
		"kubernetes.io/hostname":      true,
		"karpenter.sh/nodepool":       true,
		"x.k8s.io/y":                  true,
	} {
		if got := RefusedLabel(map[string]string{"app": "x", label: "y"}) != ""; got != refused {
			t.Errorf("%s: refused %t", label, got)
		}
	}
}
