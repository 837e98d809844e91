// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/admission"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

const inferenceSet = `apiVersion: kaito.sh/v1beta1
kind: InferenceSet
metadata:
  name: phi
  labels: {kaito.sh/inference-role: prefill, team: a}
  annotations: {kaito.sh/disable-benchmark: "true", syncer.dev/spot: "true", note: x}
spec:
  replicas: 3
  labelSelector:
    matchLabels: {app: phi}
  template:
    metadata:
      labels: {tier: gold}
      annotations: {kaito.sh/runtime: vllm}
    resource:
      instanceType: Standard_NC24ads_A100_v4
    inference:
      preset: {name: phi-4-mini-instruct}
`

// problemsOf loads and validates one file, and returns what is wrong as text, one problem a line.
func problemsOf(t *testing.T, text string, env workspace.Env) (*workspace.Set, string) {
	t.Helper()
	catalog, err := preset.Load(presets.FS)
	if err != nil {
		t.Fatal(err)
	}
	set := loadFiles(t, map[string]string{"a.yaml": text}, load.Options{})
	set.Problems = append(set.Problems, admission.Validate(set, catalog, env)...)
	var b strings.Builder
	for _, p := range set.Problems {
		fmt.Fprintln(&b, p.String())
	}
	return set, b.String()
}

func TestInferenceSet(t *testing.T) {
	set, problems := problemsOf(t, inferenceSet, workspace.Env{Size: sizeOf})
	if problems != "" || len(set.Workspaces) != 3 || len(set.InferenceSets) != 1 {
		t.Fatalf("%d Workspaces, %s", len(set.Workspaces), problems)
	}
	for i, w := range set.Workspaces {
		if w.Name != fmt.Sprintf("phi-%d", i) || w.Namespace != "default" || w.APIVersion != workspace.V1beta1 ||
			w.InferenceSet != "phi" ||
			w.Digest != set.Workspaces[0].Digest {
			t.Errorf("replica %d is %+v", i, w)
		}
		labels := map[string]string{
			"tier":                             "gold",
			"kaito.sh/inference-role":          "prefill",
			"inferenceset.kaito.sh/created-by": "phi",
		}
		annotations := map[string]string{
			"kaito.sh/runtime":           "vllm",
			"kaito.sh/disable-benchmark": "true",
			"syncer.dev/spot":            "true",
		}
		if !maps.Equal(w.Labels, labels) || !maps.Equal(w.Annotations, annotations) {
			t.Errorf("labels %v, annotations %v", w.Labels, w.Annotations)
		}
		if w.Resource.InstanceType != "Standard_NC24ads_A100_v4" || w.NodeLabels()["app"] != "phi" ||
			w.PresetName() != "phi-4-mini-instruct" ||
			!w.Spot() {
			t.Errorf("resource %+v", w.Resource)
		}
	}
	w := &set.Workspaces[1]
	for field, line := range map[string]int{
		"metadata.name":                         4,
		"metadata.annotations.kaito.sh/runtime": 14,
		"resource.labelSelector":                9,
		"resource.count":                        15,
		"resource.instanceType":                 16,
		"inference.preset.name":                 18,
	} {
		if at := w.At(field); at.Line != line || at.Path != "a.yaml" {
			t.Errorf("%s is at %+v, want line %d", field, at, line)
		}
	}
}

func TestInferenceSetReplicas(t *testing.T) {
	for replicas, want := range map[string]int{"  replicas: 0\n": 0, "": 1, "  replicas: 2\n": 2} {
		set, problems := problemsOf(t, strings.Replace(inferenceSet, "  replicas: 3\n", replicas, 1), workspace.Env{})
		if len(set.Workspaces) != want || problems != "" {
			t.Errorf("%q: %d Workspaces, %s", replicas, len(set.Workspaces), problems)
		}
	}
	// The number of replicas is unknown: syncer must not take a running one for removed.
	for _, replicas := range []string{"-1", "many", "1001", "{}"} {
		set, problems := problemsOf(
			t,
			strings.Replace(inferenceSet, "replicas: 3", "replicas: "+replicas, 1),
			workspace.Env{},
		)
		if len(set.Workspaces) != 0 || !strings.Contains(problems, "a.yaml:8:") ||
			!strings.Contains(problems, "error: spec.replicas: ") ||
			set.MayHold("phi-7") != "a.yaml" ||
			set.MayHold("other-7") != "" {
			t.Errorf("%s: %d Workspaces, %s", replicas, len(set.Workspaces), problems)
		}
	}
	set := loadFiles(t, map[string]string{"a.yaml": inferenceSet + "  x: ["}, load.Options{})
	if set.MayHold("phi-2") != "a.yaml" || set.MayHold("ph-2") != "" {
		t.Error("a broken file may still mean the replicas of its set")
	}
}

func TestInferenceSetProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		from, to, want string
		env            workspace.Env
	}{
		"name": {
			from: "name: phi\n",
			to:   "name: phi.x\n",
			want: `4:3: error: metadata.name: "phi.x" is not a valid name`,
		},
		"long name": {
			from: "name: phi\n",
			to:   "name: " + strings.Repeat("x", 51) + "\n",
			want: "4:3: error: metadata.name: must have at most 52 characters",
		},
		"namespace": {
			from: "spec:",
			to:   "spec:\n  labelselector: {}",
			want: `8:3: error: spec.labelselector: unknown field "labelselector" (did you mean "labelSelector"?)`,
		},
		"preset": {
			from: "phi-4-mini-instruct",
			to:   "phi-4-mini-instrct",
			want: `18:16: error: spec.template.inference.preset.name: preset "phi-4-mini-instrct" is not known`,
		},
		"no inference": {
			from: "inference:\n      preset: {name: phi-4-mini-instruct}",
			to:   "resources: {}",
			want: "error: spec.template.resources: unknown",
		},
		"tuning": {
			from: "inference:\n",
			to:   "tuning:\n",
			want: `17:5: error: spec.template.tuning: unknown field "tuning"`,
		},
		"existing nodes": {
			env:  workspace.Env{BYO: true},
			want: "16:7: error: spec.template.resource.instanceType: must be empty on existing nodes",
		},
		"size": {
			from: "Standard_NC24ads_A100_v4",
			to:   "p5.48xlarge",
			want: "16:7: error: spec.template.resource.instanceType: ",
		},
		"selector": {
			from: "{app: phi}",
			to:   "{kaito.sh/workspace: x}",
			want: "10:5: error: spec.labelSelector.matchLabels: has only reserved labels, which select no nodes",
		},
		"template version": {from: "v1beta1", to: "v2", want: "1:1: error: apiVersion: "},
		"limit":            {from: "spec:", to: "spec:\n  nodeCountLimit: 2", want: "8:3: warning: spec.nodeCountLimit: "},
		"strategy": {
			from: "spec:",
			to:   "spec:\n  updateStrategy: {type: RollingUpdate, rollingUpdate: {maxUnavailable: 1, partitions: 2}}",
			want: `did you mean "partition"?`,
		},
		"schedule missing": {
			from: "spec:",
			to:   "spec:\n  autoUpgrade: {maintenanceWindow: {duration: 1h}}",
			want: "8:17: error: spec.autoUpgrade.maintenanceWindow.schedule: is required",
		},
		"schedule": {
			from: "spec:",
			to:   "spec:\n  autoUpgrade: {maintenanceWindow: {schedule: nightly}}",
			want: "is not a cron expression",
		},
		"duration": {
			from: "spec:",
			to:   "spec:\n  autoUpgrade: {maintenanceWindow: {schedule: '0 2 * * 6', duration: 0s}}",
			want: "duration: must be positive",
		},
		"upgrade strategy": {
			from: "spec:",
			to:   "spec:\n  autoUpgrade: {strategy: Rolling}",
			want: `"Rolling" is not a valid strategy`,
		},
		"template's name": {
			from: "{tier: gold}",
			to:   "{tier: gold}\n      name: x",
			want: "14:7: warning: spec.template.metadata.name: is ignored",
		},
		"set's annotation": {
			from: "syncer.dev/spot: ",
			to:   "syncer.dev/spto: ",
			want: "6:53: warning: metadata.annotations.syncer.dev/spto: is not a known annotation",
		},
		"annotation": {
			from: "kaito.sh/runtime: vllm",
			to:   "kaito.sh/runtime: VLLM",
			want: "14:21: warning: spec.template.metadata.annotations.kaito.sh/runtime: ",
		},
		"upgrade": {
			from: "spec:",
			to:   "spec:\n  autoUpgrade: {enabled: true}",
			want: "warning: spec.autoUpgrade.enabled: ",
		},
	} {
		set, problems := problemsOf(t, strings.Replace(inferenceSet, tt.from, tt.to, 1), tt.env)
		if !strings.Contains(problems, tt.want) {
			t.Errorf("%s: %q is not among\n%s", name, tt.want, problems)
		}
		if n := strings.Count(problems, tt.want); n > 1 {
			t.Errorf("%s: reported %d times", name, n)
		}
		for _, w := range set.Workspaces {
			if blocked := len(set.ErrorsOf(w.Key)) > 0; blocked != strings.Contains(problems, " error: ") {
				t.Errorf("%s: %s blocked=%t", name, w.Key, blocked)
			}
		}
	}
}

func TestInferenceSetCollisions(t *testing.T) {
	other := strings.Replace(served, "{name: phi}", "{name: phi-1}", 1)
	set, problems := problemsOf(t, inferenceSet+"---\n"+other, workspace.Env{})
	if len(set.Workspaces) != 3 ||
		!strings.Contains(problems, "a.yaml:4:3: error: metadata.name: Workspace default/phi-1 is also in a.yaml:20") ||
		!strings.Contains(
			problems,
			"a.yaml:22:12: error: metadata.name: Workspace default/phi-1 is also a replica of the InferenceSet in a.yaml:1",
		) {
		t.Errorf("%d Workspaces, %s", len(set.Workspaces), problems)
	}
	for _, w := range set.Workspaces {
		if blocked := len(set.ErrorsOf(w.Key)) > 0; blocked != (w.Name == "phi-1") {
			t.Errorf("%s: blocked=%t", w.Key, blocked)
		}
	}
	set, problems = problemsOf(t, inferenceSet+"---\n"+inferenceSet, workspace.Env{})
	if len(set.Workspaces) != 3 || strings.Count(problems, "InferenceSet default/phi is also in") != 2 ||
		strings.Count(problems, "\n") != 2 ||
		len(set.ErrorsOf(set.Workspaces[2].Key)) == 0 {
		t.Errorf("%d Workspaces, %s", len(set.Workspaces), problems)
	}
}

func TestCron(t *testing.T) {
	check := func(schedule string, valid bool) {
		t.Helper()
		window := fmt.Sprintf("spec:\n  autoUpgrade: {maintenanceWindow: {schedule: %q}}", schedule)
		_, problems := problemsOf(t, strings.Replace(inferenceSet, "spec:", window, 1), workspace.Env{})
		if (problems == "") != valid {
			t.Errorf("%q: %s", schedule, problems)
		}
	}
	for _, schedule := range []string{
		"0 2 * * 6", "*/5 0-6,22 1 jan-MAR mon", "@daily", "? * * * ?", "1-59/2 * * * *",
	} {
		check(schedule, true)
	}
	for _, schedule := range []string{
		"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7",
		"5-1 * * * *", "*/0 * * * *", "a * * * *", "-1 * * * *", "@every 1h", "1,, * * * *",
	} {
		check(schedule, false)
	}
}
