// SPDX-License-Identifier: Apache-2.0

package document_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/document"
)

// TestReports lists the reports about fields of older files, of dumps, and of another version.
func TestReports(t *testing.T) {
	const old = `apiVersion: kaito.sh/v1alpha1
kind: Workspace
metadata: {name: phi, uid: 1, finalizers: []}
resource: {mig: 1g, partition: {mode: mig}}
inference: {preset: {name: phi-4, presetOptions: {modelAccessSecret: hf}, modelAccessSecret: hf}}
status: {}
`
	docs, syntax := strictyaml.Documents([]byte(old))
	if syntax != nil {
		t.Fatal(syntax)
	}
	w, h, reports := document.Workspace(docs[0])
	if h.APIVersion != workspace.V1alpha1 || h.Kind != "Workspace" || h.Name != "phi" {
		t.Errorf("header %+v", h)
	}
	reports = append(reports, document.Ignored(w.Positions)...)
	reports = append(reports, document.ApplyV1alpha1(&w)...)
	want := []string{
		"error inference.preset.modelAccessSecret: move it into presetOptions",
		"error resource.mig: write partition: {mode: mig, profile: ...}",
		"warning inference.preset.presetOptions.modelAccessSecret: use apiVersion kaito.sh/v1beta1",
		"warning metadata.uid: remove it",
		"warning resource.partition: use apiVersion kaito.sh/v1beta1",
		"warning status: remove it",
	}
	if d := cmp.Diff(want, texts(reports)); d != "" {
		t.Error(d)
	}
	if w.Resource.InstanceType != document.DefaultInstanceType || w.Resource.Partition != nil ||
		w.Inference.Preset.Options.ModelAccessSecret != "" {
		t.Errorf("v1alpha1: %+v %+v", w.Resource, w.Inference.Preset)
	}
}

// TestSetOfV1alpha1: an InferenceSet of v1alpha1 has no partition, and no default size.
func TestSetOfV1alpha1(t *testing.T) {
	const text = `apiVersion: kaito.sh/v1alpha1
kind: InferenceSet
metadata: {name: chat}
spec:
  replicas: 3
  template:
    resource: {partition: {mode: mig, profile: 1g.10gb}}
    inference: {preset: {name: phi-4}}
`
	docs, syntax := strictyaml.Documents([]byte(text))
	if syntax != nil {
		t.Fatal(syntax)
	}
	s, _, reports := document.InferenceSet(docs[0], workspace.Key{Namespace: "default", Name: "chat"})
	reports = append(reports, document.ApplyV1alpha1ToSet(&s)...)
	want := []string{"warning spec.template.resource.partition: use apiVersion kaito.sh/v1beta1"}
	if d := cmp.Diff(want, texts(reports)); d != "" {
		t.Error(d)
	}
	if r := s.Template.Resource; s.Replicas != 3 || r.Partition != nil || r.InstanceType != "" {
		t.Errorf("%d replicas of %+v", s.Replicas, r)
	}
}

// texts returns reports, sorted, each with its severity, field and hint.
func texts(reports []diag.Diagnostic) []string {
	var out []string
	for _, d := range reports {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s: %s", d.Severity, d.Field, d.Hint)))
	}
	slices.Sort(out)
	return out
}
