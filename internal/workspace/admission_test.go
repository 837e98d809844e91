package workspace_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// testCatalog is the built-in catalogue, and the presets that a case brings.
type testCatalog struct {
	*preset.Catalog
	extra map[string]preset.Preset
}

func (c testCatalog) Lookup(name string) (preset.Preset, bool) {
	if p, ok := c.extra[name]; ok {
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
		}
	}
}

// Why syncer decides otherwise.
const (
	nodesUnknown   = "there is no cluster to look nodes up in; brought nodes are looked at when their labels are known"
	sizing         = "whether a model fits is decided by sizing, which chooses the number of nodes itself"
	noMIG          = "GPU partitions are not supported"
	adaptersAtOnce = "adapters are checked at once, not at the next change"
	ownDefaults    = "the default parameters are rendered, and cannot be missing"
	azureOnly      = "syncer is for Azure, and has no feature gates"
	outputDir      = "a results folder beside /mnt would be lost with the pod"
	private        = "no model of the catalogue needs a private image"
)

// differences are the cases in which syncer decides otherwise than KAITO's admission, on purpose; docs/kaito-differences.md says
// why in full.
var differences = map[string]string{
	"v1beta1-testresourcespecvalidatecreate-invalid-missing-gpu-count-label":                                    nodesUnknown,
	"v1beta1-testresourcespecvalidatecreate-invalid-missing-gpu-memory-label":                                   nodesUnknown,
	"v1beta1-testresourcespecvalidatecreate-invalid-non-uniform-gpu-products":                                   nodesUnknown,
	"v1beta1-testresourcespecvalidatecreate-invalid-missing-labelselector-for-byo-mode":                         nodesUnknown,
	"v1beta1-extra-byo-non-uniform-gpu-count":                                                                   nodesUnknown,
	"v1beta1-extra-byo-non-uniform-gpu-memory":                                                                  nodesUnknown,
	"v1beta1-extra-byo-vllm-memory-check-applies":                                                               nodesUnknown,
	"v1beta1-extra-byo-node-gpu-count-label-not-a-number":                                                       nodesUnknown,
	"v1alpha1-extra-vllm-memory-check-in-v1alpha1":                                                              sizing,
	"v1alpha1-testresourcespecvalidatecreate-malformed-totalsafetensorfilesize-returns-validation-error":        sizing,
	"v1alpha1-testinferenceconfigmapvalidation-multi-instances-distributed-inference-and-max-model-len-missing": sizing,
	"v1beta1-testvalidatemigmodelfit-model-fits-within-the-mig-slice":                                           noMIG,
	"v1beta1-testvalidatemigmodelfit-bypass-annotation-allows-an-oversized-model":                               noMIG,
	"v1beta1-testinferencespecvalidatecreate-valid-with-adapters-vllm":                                          adaptersAtOnce,
	"v1beta1-extra-exactly-ten-adapters":                                                                        adaptersAtOnce,
	"v1alpha1-extra-create-accepts-adapter-with-url-source-and-bad-strength-under-transformers":                 adaptersAtOnce,
	"v1alpha1-extra-v1alpha1-default-inference-template-missing":                                                ownDefaults,
	"v1beta1-extra-tuning-default-template-missing":                                                             ownDefaults,
	"v1beta1-extra-aws-sku-known":                                                                               azureOnly,
	"v1beta1-extra-cloud-provider-unset":                                                                        azureOnly,
	"v1beta1-extra-vllm-gate-off-forces-transformers":                                                           azureOnly,
	"v1beta1-extra-tuning-output-dir-textual-prefix-accepted":                                                   outputDir,
	"v1alpha1-testinferencespecvalidatecreate-private-preset-with-public-accessmode":                            private,
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
		catalog := testCatalog{builtin, map[string]preset.Preset{}}
		for _, p := range c.Env.Presets {
			tp := preset.Preset{Name: p.Name, Runtimes: []preset.Runtime{preset.VLLM}, Gated: p.AuthRequired && p.DownloadAtRuntime, Tuning: &preset.Tuning{}, Model: preset.Model{ContextLength: p.TokenLimit, WeightBytes: size(p.WeightSize)}}
			if p.Transformers {
				tp.Runtimes = append(tp.Runtimes, preset.Transformers)
			}
			catalog.extra[p.Name] = tp
		}
		tree := fstest.MapFS{"workspace.yaml": {Data: []byte(c.New)}}
		for i, m := range c.ConfigMaps {
			tree[fmt.Sprintf("config%d.yaml", i)] = &fstest.MapFile{Data: []byte(m)}
		}
		set, err := workspace.Load(tree, workspace.Options{})
		if err != nil {
			t.Fatal(err)
		}
		problems := append(set.Problems, workspace.Validate(set, catalog, workspace.Env{Brought: c.Env.BYO, ClosedWorld: true})...)
		var errors []string
		for _, p := range problems {
			if p.Severity == workspace.Error {
				errors = append(errors, p.String())
			}
			if p.Path == "" || p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("%s: incomplete problem %+v", c.ID, p)
			}
		}
		_, deliberate := differences[c.ID]
		switch {
		case (len(errors) == 0) == c.Valid && deliberate:
			t.Errorf("%s: agrees with KAITO, but is listed as a difference", c.ID)
		case (len(errors) == 0) == c.Valid:
			agreed++
		case !deliberate:
			t.Errorf("%s: KAITO says valid=%t (%v), syncer says %q", c.ID, c.Valid, c.ErrorFields, errors)
		}
	}
	t.Logf("%d of %d agree, %d differ on purpose", agreed, len(cases), len(differences))
}

func size(s string) int64 {
	n, _ := strconv.ParseFloat(strings.TrimSuffix(s, "Gi"), 64)
	return int64(math.Ceil(n * (1 << 30)))
}
