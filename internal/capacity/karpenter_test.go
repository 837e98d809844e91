package capacity

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// small is a model of about four billion parameters that any GPU of 24 GiB serves.
var small = preset.Preset{Name: "small", Model: preset.Model{
	WeightBytes: 8 << 30, ContextLength: 32768, KVBytesPerToken: 131072, Heads: 32, KVHeads: 8, TensorParallel: true, Distributed: true,
}}

var (
	azureClass = NodeClass{"karpenter.azure.com", "AKSNodeClass", "gpu"}
	awsClass   = NodeClass{"karpenter.k8s.aws", "EC2NodeClass", "gpu"}
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
	google := Karpenter{Class: NodeClass{"karpenter.k8s.gcp", "GCENodeClass", "default"}, Sizes: []SKU{must(ParseSize("a2-highgpu-1g=1x40"))}}
	for _, tt := range []struct {
		name      string
		karpenter Karpenter
		preset    preset.Preset
		size      string
		current   string
		allowed   []string
		want      []string // that may be taken, best first
		refused   string
	}{
		{"AWS, cheapest left to Karpenter", Karpenter{Class: awsClass}, small, "", "", []string{"g6.*"}, []string{"g6.xlarge", "g6.2xlarge", "g6.4xlarge", "g6.8xlarge", "g6.16xlarge"}, ""},
		{"AWS, the choice stays", Karpenter{Class: awsClass}, small, "auto", "g6e.xlarge", []string{"g6*.xlarge"}, []string{"g6e.xlarge"}, ""},
		{"AWS, named", Karpenter{Class: awsClass}, small, "G5.2xlarge", "", nil, []string{"g5.2xlarge"}, ""},
		{"AWS, large", Karpenter{Class: awsClass}, large, "", "", []string{"p*"}, []string{"p4d.24xlarge"}, ""},
		{"AWS, too small", Karpenter{Class: awsClass}, alone, "g5.xlarge", "", nil, nil, "the smallest that fits is"},
		{"AWS, unknown", Karpenter{Class: awsClass}, small, "g99.xlarge", "", nil, nil, "the smallest that fits is g5.xlarge; an instance type that is not known is described in capacity.karpenter.sizes"},
		{"AWS, not allowed", Karpenter{Class: awsClass}, small, "g5.xlarge", "", []string{"p*"}, nil, "allowed: p*"},
		{"Azure, named", Karpenter{Class: azureClass}, small, "Standard_NC24ads_A100_v4", "", nil, []string{"Standard_NC24ads_A100_v4"}, ""},
		{"Azure, retired", Karpenter{Class: azureClass}, small, "Standard_NC6s_v3", "", []string{"Standard_NC24ads*"}, []string{"Standard_NC24ads_A100_v4"}, ""},
		{"another cloud", google, small, "", "", nil, []string{"a2-highgpu-1g"}, ""},
		{"another cloud, nothing described", Karpenter{Class: google.Class}, small, "", "", nil, nil, "described in capacity.karpenter.sizes"},
		{"a template needs a size", Karpenter{Class: awsClass}, preset.Preset{}, "", "", nil, nil, "name one of this cloud"},
		{"a template on an unknown size", Karpenter{Class: awsClass}, preset.Preset{}, "g99.xlarge", "", nil, []string{"g99.xlarge"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := tt.karpenter.Size(Request{Preset: tt.preset, InstanceType: tt.size, Current: tt.current, Region: "eastus", Limits: Limits{AllowedSizes: tt.allowed}})
			if tt.refused != "" {
				var refused *RefusedError
				if !errors.As(err, &refused) || !strings.Contains(refused.Hint, tt.refused) || refused.Field != "resource.instanceType" {
					t.Fatalf("got %+v, %#v; want a refusal with the hint %q", d.Options, err, tt.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := d.interchangeable(tt.size == "" || tt.size == "auto"); !slices.Equal(got, tt.want) {
				t.Errorf("sizes %v, want %v", got, tt.want)
			}
			if c := d.Options[0].HourlyCost; c.Known != tt.karpenter.Class.Azure() {
				t.Errorf("cost %+v", c)
			}
		})
	}
}

func must(s SKU, err error) SKU {
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
	if r, err := ParseRequirement("zone=a|b"); err != nil || r.Key != "zone" || !slices.Equal(r.Values, []string{"a", "b"}) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRefusedLabel(t *testing.T) {
	for label, refused := range map[string]bool{
		"app": false, "example.com/team": false, "topology.kubernetes.io/zone": false, "karpenter.kaito.sh/x": false, "node.kubernetes.io/x": false,
		"app.kubernetes.io/name": true, "kubernetes.io/hostname": true, "karpenter.sh/nodepool": true, "x.k8s.io/y": true,
	} {
		if got := RefusedLabel(map[string]string{"app": "x", label: "y"}) != ""; got != refused {
			t.Errorf("%s: refused %t", label, got)
		}
	}
}
