// SPDX-License-Identifier: Apache-2.0

package kaitokeys

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/golden"
)

// TestKeysAreKAITOs: the list holds each key of KAITO's sources, and no others but those of its autoscaler.
func TestKeysAreKAITOs(t *testing.T) {
	text, err := os.ReadFile("testdata/kaito-v0.12.0.txt")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for line := range strings.Lines(string(text)) {
		if name, _, _ := strings.Cut(line, " "); name != "#" {
			want = append(want, name)
		}
	}
	for _, k := range keys {
		if k.Name != "scaledobject.kaito.sh/" {
			got = append(got, k.Name)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, name := range want {
		if k, ok := Lookup(name); !ok || k.Why == "" || (k.Effect == Ignored) != (k.Hint != "") {
			t.Errorf("Lookup(%s) = %+v, %v", name, k, ok)
		}
	}
}

func TestLookupKnowsAutoscalers(t *testing.T) {
	for name, want := range map[string]bool{
		"scaledobject.kaito.sh/auto-provision":    true,
		"scaledobject.kaito.sh/anything":          true,
		"autoscaling.keda.sh/paused-replicas":     true,
		"autoscaling.knative.dev/max-scale":       true,
		"example.com/scale":                       false,
		"notkeda.sh/x":                            false,
		"cluster-autoscaler.kubernetes.io/safe":   false,
		"scaledobject.kaito.sh.example.com/scale": false,
	} {
		if k, ok := Lookup(name); ok != want || ok && k.Effect != Ignored {
			t.Errorf("Lookup(%s) = %+v, %v", name, k, ok)
		}
	}
}

// TestDocumentListsKeys: docs/kaito-differences.md shows the list.
func TestDocumentListsKeys(t *testing.T) {
	var b strings.Builder
	b.WriteString("| name | kind | syncer |\n|---|---|---|\n")
	for _, k := range keys {
		kind, why := "annotation", k.Why
		if k.Label {
			kind = "label"
		}
		if k.Effect == Ignored {
			why = "a warning: it " + k.Why
		}
		if k.Harmless != "" {
			why += fmt.Sprintf("; no warning for `%s`", k.Harmless)
		}
		name := k.Name
		if strings.HasSuffix(name, "/") {
			name += "*"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, kind, why)
	}
	golden.Section(t, "../../../docs/kaito-differences.md", "keys", b.String())
}
