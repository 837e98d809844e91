// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"fmt"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/plan/mass"
)

// TestObjectsThatCount counts the plain objects of the repository that go: not what a kustomization generates under
// another hash, and not what Workspaces share, which comes from no file.
func TestObjectsThatCount(t *testing.T) {
	named := func(suffix string) map[string]string {
		files := map[string]string{"a.yaml": serve("a", "Standard_NC24ads_A100_v4")}
		for i := range 5 {
			name := fmt.Sprintf("settings%d%s", i, suffix)
			files[name+".yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {a: b}\n"
		}
		return files
	}
	broken := strings.Replace(serve("x", "auto"), "preset:", "preest:", 1)
	strict := policy
	strict.Changes.Mass = mass.Policy{Count: 10, Percent: 50}
	base := side(t, named("-6ct58987ht"), desired.Observed{Eventual: true})
	for name, tt := range map[string]struct {
		head map[string]string
		gone int
	}{
		"the same":          {named("-6ct58987ht"), 0},
		"another hash":      {named("-k2h9d4f2bd"), 0},
		"no hash":           {named("-settings12"), 5}, // letters that no hash has
		"a shorter ending":  {named("-k2h9d4"), 5},
		"none":              {map[string]string{"a.yaml": named("")["a.yaml"]}, 5},
		"other Workspaces":  {map[string]string{"b.yaml": serve("b", "Standard_NC24ads_A100_v4")}, 5},
		"a broken document": {map[string]string{"a.yaml": named("")["a.yaml"], "x.yaml": broken}, 0}, // nothing plain goes
	} {
		head := side(t, tt.head, Eventually(base))
		p := Between(strict, "a", "b", base, head)
		got := p.Guard.Mass.Objects
		if want := (mass.Part{Gone: tt.gone, All: 5}); got != want || p.Guard.Mass.TooManyObjects() != (tt.gone > 0) {
			t.Errorf("%s: %+v", name, got)
		}
		// The same without knowing which live objects are desired.
		d, _ := p.Guard.leaving(base.Settled(strict).settled.live, nil, head, strict)
		if d.Objects != got || d.Workspaces != p.Guard.Mass.Workspaces {
			t.Errorf("%s: %+v without what stays", name, d)
		}
	}
}
