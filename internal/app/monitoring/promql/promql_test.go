// SPDX-License-Identifier: Apache-2.0

// Package promql checks the queries of deploy/monitoring with Prometheus' own parser. It is a module of its own, so
// that what Prometheus needs is not what syncer needs.
package promql

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"
)

const deploy = "../../../../deploy/monitoring/"

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(name)
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
			// Grafana puts the interval in.
			out[p.Title+" "+target.RefID] = strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
		}
	}
	if len(out) < 30 {
		t.Fatalf("only %d queries", len(out))
	}
	return out
}

// metrics returns the labels of each metric of syncer, as a test of package monitoring writes them.
func metrics(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	read(t, "../testdata/metrics.json", &out)
	if len(out) == 0 {
		t.Fatal("there is no metric")
	}
	return out
}

// TestQueries: every query of the alerts and of the board is valid, and asks for metrics and labels that exist.
func TestQueries(t *testing.T) {
	all := metrics(t)
	for name, q := range queries(t) {
		e, err := parser.NewParser(parser.Options{}).ParseExpr(q)
		if err != nil {
			t.Errorf("%s: %s: %v", name, q, err)
			continue
		}
		var known []string
		parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
			s, ok := n.(*parser.VectorSelector)
			if !ok {
				return nil
			}
			has, exists := all[s.Name]
			if !exists {
				t.Errorf("%s: there is no metric %q", name, s.Name)
			}
			known = append(known, has...)
			for _, m := range s.LabelMatchers {
				if m.Name != labels.MetricName && !slices.Contains(has, m.Name) {
					t.Errorf("%s: %s has no label %s", name, s.Name, m.Name)
				}
			}
			return nil
		})
		parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
			var by []string
			switch n := n.(type) {
			case *parser.AggregateExpr:
				by = n.Grouping
			case *parser.BinaryExpr:
				if n.VectorMatching != nil {
					by = slices.Concat(n.VectorMatching.MatchingLabels, n.VectorMatching.Include)
				}
			}
			for _, l := range by {
				if !slices.Contains(known, l) {
					t.Errorf("%s: no metric of %s has the label %s", name, q, l)
				}
			}
			return nil
		})
		if len(known) == 0 && !strings.Contains(q, "syncer_") {
			t.Errorf("%s asks for no metric", name)
		}
	}
}

// TestEveryMetricIsShown: what syncer measures of the fleet is on the board or in an alert.
func TestEveryMetricIsShown(t *testing.T) {
	text := ""
	for _, q := range queries(t) {
		text += q + "\n"
	}
	elsewhere := []string{ // of no use without the others
		"syncer_passes_total", "syncer_component_last_success_timestamp_seconds",
		"syncer_review_paused_until_timestamp_seconds",
	}
	all := metrics(t)
	for name := range all {
		base := name
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			if short, ok := strings.CutSuffix(name, part); ok && all[short+"_bucket"] != nil {
				base = short
			}
		}
		if !strings.Contains(text, base) && !slices.Contains(elsewhere, base) {
			t.Errorf("nothing shows %s", base)
		}
	}
}
