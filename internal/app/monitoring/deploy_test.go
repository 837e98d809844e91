// SPDX-License-Identifier: Apache-2.0

package monitoring_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metricsql"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/app/monitoring"
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

// queries returns the queries of the alerts and of the board, by their names.
func queries(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	var rules struct {
		Spec struct {
			Groups []struct {
				Rules []struct {
					Alert, Expr string
					Annotations map[string]string
				}
			}
		}
	}
	read(t, deploy+"alerts.yaml", &rules)
	for _, g := range rules.Spec.Groups {
		for _, r := range g.Rules {
			if r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("alert %s has no summary or description", r.Alert)
			}
			out[r.Alert] = r.Expr
		}
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ RefID, Expr string }
		}
	}
	text, err := os.ReadFile(deploy + "board.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			out[p.Title+" "+target.RefID] = strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
		}
	}
	if len(out) < 30 {
		t.Fatalf("only %d queries", len(out))
	}
	return out
}

// TestQueries: every query of the alerts and of the board is valid, and asks for metrics and labels that exist.
func TestQueries(t *testing.T) {
	all, err := monitoring.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string][]string{}
	for _, m := range all {
		if m.Kind == "histogram" {
			labels[m.Name+"_bucket"] = append(slices.Clone(m.Labels), "le")
			labels[m.Name+"_sum"], labels[m.Name+"_count"] = m.Labels, m.Labels
		} else {
			labels[m.Name] = m.Labels
		}
	}
	for name, q := range queries(t) {
		e, err := metricsql.Parse(q)
		if err != nil {
			t.Errorf("%s: %s: %v", name, q, err)
			continue
		}
		var known []string
		asked := 0
		metricsql.VisitAll(e, func(e metricsql.Expr) {
			m, ok := e.(*metricsql.MetricExpr)
			if !ok {
				return
			}
			asked++
			for _, filters := range m.LabelFilterss {
				for _, f := range filters {
					if f.Label == "__name__" {
						if labels[f.Value] == nil {
							t.Errorf("%s: there is no metric %s", name, f.Value)
						}
						known = append(known, labels[f.Value]...)
					}
				}
				for _, f := range filters {
					if f.Label != "__name__" && !slices.Contains(known, f.Label) {
						t.Errorf("%s: %s has no label %s", name, q, f.Label)
					}
				}
			}
		})
		if asked == 0 {
			t.Errorf("%s asks for no metric", name)
		}
		metricsql.VisitAll(e, func(e metricsql.Expr) {
			a, ok := e.(*metricsql.AggrFuncExpr)
			if !ok {
				return
			}
			for _, by := range a.Modifier.Args {
				if !slices.Contains(known, by) {
					t.Errorf("%s: no metric of %s has the label %s", name, q, by)
				}
			}
		})
	}
}

// TestEveryMetricIsShown: what syncer measures of the fleet is on the board or in an alert.
func TestEveryMetricIsShown(t *testing.T) {
	all, err := monitoring.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, q := range queries(t) {
		text.WriteString(q)
	}
	elsewhere := []string{ // of no use without the others
		"syncer_passes_total", "syncer_component_last_success_timestamp_seconds",
		"syncer_review_paused_until_timestamp_seconds",
	}
	for _, m := range all {
		if !strings.Contains(text.String(), m.Name) && !slices.Contains(elsewhere, m.Name) {
			t.Errorf("nothing shows %s", m.Name)
		}
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
