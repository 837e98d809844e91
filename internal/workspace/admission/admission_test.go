// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/admission"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// testCatalog is the built-in catalogue, and the presets that a case brings.
type testCatalog struct {
	*preset.Catalog
	extra map[string]preset.Preset // by name in lower case, as the catalogue finds its own
}

func (c testCatalog) Lookup(name string) (preset.Preset, bool) {
	if p, ok := c.extra[strings.ToLower(name)]; ok {
		return p, true
	}
	return c.Catalog.Lookup(name)
}

type admissionCase struct {
	ID          string
	APIVersion  string
	New         string
	ConfigMaps  []string
	Valid       bool
	ErrorFields []string
	Env         struct {
		BYO           bool
		Nodes         []string
		FeatureGates  map[string]bool
		CSIDrivers    []string
		CloudProvider string
		Presets       []struct {
			Name              string
			WeightSize        string
			TokenLimit        int
			Transformers      bool
			AuthRequired      bool
			DownloadAtRuntime bool
			PrivateImage      bool
			Distributed       bool
		}
	}
}

// Why syncer decides otherwise.
const (
	switches       = "there are no feature gates: both kinds of partitions, and vLLM, are on"
	adaptersAtOnce = "adapters are checked at once, not at the next change"
	ownDefaults    = "the default parameters are rendered, and cannot be missing"
	azureOnly      = "syncer is for Azure"
	anyCase        = "presets are found without regard to case"
	pinnedServer   = "the server of the image refuses the value at its start"
	private        = "no model of the catalogue needs a private image"
)

// differences are the cases in which syncer decides otherwise than KAITO's admission, on purpose;
// docs/kaito-differences.md says why in full.
var differences = map[string]string{
	"v1beta1-testinferencespecvalidatecreate-valid-with-adapters-vllm":                          adaptersAtOnce,
	"v1beta1-extra-exactly-ten-adapters":                                                        adaptersAtOnce,
	"v1alpha1-extra-create-accepts-adapter-with-url-source-and-bad-strength-under-transformers": adaptersAtOnce,
	"v1alpha1-extra-v1alpha1-default-inference-template-missing":                                ownDefaults,
	"v1beta1-extra-tuning-default-template-missing":                                             ownDefaults,
	"v1beta1-extra-aws-sku-known":                                                               azureOnly,
	"v1beta1-extra-cloud-provider-unset":                                                        azureOnly,
	"v1beta1-extra-vllm-gate-off-forces-transformers":                                           switches,
	"v1beta1-extra-mig-gate-off":                                                                switches,
	"v1beta1-extra-accelerator-gate-off":                                                        switches,
	"v1beta1-extra-registered-preset-in-other-case-is-not-recognised-by-the-inference-rule":     anyCase,
	"v1beta1-extra-config-max-model-len-negative":                                               pinnedServer,
	"v1alpha1-testinferencespecvalidatecreate-private-preset-with-public-accessmode":            private,
}

// TestAdmission compares with the verdicts of KAITO v0.12.0's own admission.
func TestAdmission(t *testing.T) {
	data, err := os.ReadFile("testdata/admission.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []admissionCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	builtin, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	agreed := 0
	for _, c := range cases {
		problems := c.validate(t, builtin)
		valid := !slices.ContainsFunc(problems, isError)
		_, deliberate := differences[c.ID]
		switch {
		case valid == c.Valid && deliberate:
			t.Errorf("%s: agrees with KAITO, but is listed as a difference", c.ID)
		case valid == c.Valid:
			agreed++
			c.compareFields(t, problems)
		case !deliberate:
			t.Errorf("%s: KAITO says valid=%t (%v), syncer says %q", c.ID, c.Valid, c.ErrorFields, problems)
		}
	}
	t.Logf("%d of %d agree, %d differ on purpose", agreed, len(cases), len(differences))
}

// validate returns what syncer finds wrong with a case.
func (c *admissionCase) validate(t *testing.T, builtin *preset.Catalog) []diag.Diagnostic {
	t.Helper()
	tree := fstest.MapFS{"workspace.yaml": {Data: []byte(c.New)}}
	for i, m := range append(c.ConfigMaps, c.Env.Nodes...) {
		tree[fmt.Sprintf("object%d.yaml", i)] = &fstest.MapFile{Data: []byte(m)}
	}
	set, err := load.Load(tree, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	env := workspace.Env{BYO: c.Env.BYO, ClosedWorld: true, Size: sizeOf}
	env.Facts.Nodes, env.Facts.NodesKnown = set.Nodes, true
	problems := append(set.Problems, admission.Validate(set, c.catalog(builtin), env)...)
	for _, p := range problems {
		if p.Path == "" || p.Line < 1 || p.Column < 1 || p.Message == "" {
			t.Errorf("%s: incomplete problem %+v", c.ID, p)
		}
	}
	return problems
}

// catalog returns the built-in catalogue with the presets of the case.
func (c *admissionCase) catalog(builtin *preset.Catalog) testCatalog {
	catalog := testCatalog{builtin, map[string]preset.Preset{}}
	for _, p := range c.Env.Presets {
		if p.WeightSize == "not-a-quantity" {
			continue // syncer refuses a preset.yaml with such a size, so that the preset is unknown
		}
		tp := preset.Preset{
			Name:     p.Name,
			Repo:     map[bool]string{true: "org/model"}[p.DownloadAtRuntime],
			Runtimes: []preset.Runtime{preset.VLLM},
			Gated:    p.AuthRequired && p.DownloadAtRuntime,
			Tuning:   &preset.Tuning{},
			Model: preset.Model{
				ContextLength: p.TokenLimit,
				WeightBytes:   size(p.WeightSize),
				Distributed:   p.Distributed,
			},
		}
		if p.Transformers {
			tp.Runtimes = append(tp.Runtimes, preset.Transformers)
		}
		catalog.extra[strings.ToLower(p.Name)] = tp
	}
	return catalog
}

// compareFields reports the fields that KAITO blames and syncer does not.
func (c *admissionCase) compareFields(t *testing.T, problems []diag.Diagnostic) {
	t.Helper()
	for _, theirs := range c.ErrorFields {
		ours, comparable := ourField(theirs)
		if !comparable || ours == "tuning.config" && !strings.Contains(c.New, "config:") {
			continue
		}
		blamed := func(p diag.Diagnostic) bool {
			inside := strings.HasPrefix(p.Field, "vllm") || p.Field == workspace.InferenceConfigKey
			return isError(p) && (strings.HasPrefix(p.Field, ours) || ours == "inference.config" && inside)
		}
		if !slices.ContainsFunc(problems, blamed) {
			t.Errorf("%s: KAITO blames %s, syncer %q", c.ID, theirs, problems)
		}
	}
}

func isError(p diag.Diagnostic) bool { return p.Severity == diag.Error }

// ourField translates the path that KAITO puts into an error. Not comparable are paths that name no field. Those of a
// ConfigMap's content are blamed on the content, or on the field that names the ConfigMap.
func ourField(theirs string) (ours string, comparable bool) {
	switch theirs {
	case "spec", "resource.TotalSafeTensorFileSize", "inference.template": // KAITO reports the last for changes only
		return "", false
	case "name":
		return "metadata.name", true
	case "config", "inference_config.yaml", "max-model-len":
		return "inference.config", true
	case "inference.adapter":
		return "inference.adapters", true
	case "resource.instanceType":
		return "resource", true // existing nodes have no size: syncer blames their labels
	case "inference.presetName", "tuning.presetName":
		return strings.Replace(theirs, ".presetName", ".preset.name", 1), true
	}
	if key, ok := strings.CutPrefix(theirs, `spec.metadata.annotations["`); ok {
		return "metadata.annotations." + strings.TrimSuffix(key, `"]`), true
	}
	parts := strings.Split(theirs, ".")
	if section := strings.ToLower(parts[1]); section == "input" || section == "adapters" {
		parts = parts[:2] // which of its three fields is wrong when there are too many or none is anybody's choice
	}
	for i, p := range parts {
		parts[i] = strings.ToLower(p[:1]) + p[1:]
	}
	return strings.Join(parts, "."), true
}

func sizeOf(name string) (workspace.Size, bool) {
	s, ok := capacity.LookupSKU(name)
	return workspace.Size{GPUs: s.GPUs, MemoryGiB: int(s.GPUMemoryGiB) * s.GPUs}, ok && s.Unusable() == ""
}

func size(s string) int64 {
	n, _ := strconv.ParseFloat(strings.TrimSuffix(s, "Gi"), 64)
	return int64(math.Ceil(n * (1 << 30)))
}

// TestManyErrors: a Workspace with very many errors is blocked by the first of them.
func TestManyErrors(t *testing.T) {
	builtin, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	w := workspace.Workspace{Key: workspace.Key{Namespace: "default", Name: "w"}, Labels: map[string]string{}}
	for i := range 5000 {
		w.Labels[fmt.Sprintf("not a name %d", i)] = "not a value"
	}
	set := &workspace.Set{Workspaces: []workspace.Workspace{w}}
	got := admission.Validate(set, testCatalog{Catalog: builtin}, workspace.Env{})
	if len(got) < 100 || len(got) > 150 {
		t.Errorf("%d problems", len(got))
	}
}
