// SPDX-License-Identifier: Apache-2.0

package monitoring_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"
)

const deploy = "../../../deploy/monitoring/"

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// TestPodMonitor: the PodMonitor for vLLM selects the pods of a Workspace that serves, and their port.
func TestPodMonitor(t *testing.T) {
	var monitor struct {
		Spec struct {
			Selector struct {
				MatchLabels      map[string]string
				MatchExpressions []struct{ Key, Operator string }
			}
			PodMetricsEndpoints []struct{ Port, Path string }
		}
	}
	read(t, deploy+"vllm.yaml", &monitor)
	text, err := os.ReadFile("../../render/testdata/golden/inference-four-gpus.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, doc := range bytes.Split(text, []byte("\n---\n")) {
		var set struct {
			Kind string
			Spec struct {
				Template struct {
					Metadata struct{ Labels map[string]string }
					Spec     struct {
						Containers []struct{ Ports []struct{ Name string } }
					}
				}
			}
		}
		if err := yaml.Unmarshal(doc, &set); err != nil {
			t.Fatal(err)
		}
		if set.Kind != "StatefulSet" {
			continue
		}
		have := set.Spec.Template.Metadata.Labels
		for k, v := range monitor.Spec.Selector.MatchLabels {
			if have[k] != v {
				t.Errorf("the pods have the labels %v, without %s=%s", have, k, v)
			}
		}
		for _, e := range monitor.Spec.Selector.MatchExpressions {
			if have[e.Key] == "" || e.Operator != "Exists" {
				t.Errorf("the pods have the labels %v, without %s", have, e.Key)
			}
		}
		for _, p := range set.Spec.Template.Spec.Containers[0].Ports {
			found = found || p.Name == monitor.Spec.PodMetricsEndpoints[0].Port
		}
	}
	if !found {
		t.Error("no pod has the port")
	}
}
