// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"testing"
	"testing/fstest"
	"time"

	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/internal/workspace/suspension"
)

// TestClaimsToBeASuspend: however a document says that it is a Suspend, it stops something, also if it cannot be read.
func TestClaimsToBeASuspend(t *testing.T) {
	const api, rest = "apiVersion: syncer.dev/v1alpha1\n", "metadata: {name: x}\nspec: {reason: r}\n"
	for _, text := range []string{
		api + "kind: Suspend\n" + rest,
		api + "kind: !!str Suspend\n" + rest,
		api + "kind: ! Suspend\n" + rest,
		api + "kind: !own Suspend\n" + rest,
		api + "kind: !<tag:yaml.org,2002:str> Suspend\n" + rest,
		api + "kind: !<tag:yaml.org,2002:int> Suspend\n" + rest,
		api + "kind: !!int Suspend\n" + rest,
		api + "kind: !!bool \"Suspend\"\n" + rest,
		api + "kind: !!binary U3VzcGVuZA==\n" + rest,
		api + "kind: &a Suspend\n" + rest,
		api + "kind: &a !!str Suspend\n" + rest,
		api + "kind: !!str &a Suspend\n" + rest,
		api + "kind: >-\n  Suspend\n" + rest,
		api + "kind: |\n  Suspend\n" + rest,
		api + "kind: !!str |-\n  Suspend\n" + rest,
		api + "kind:\n  Suspend\n" + rest,
		api + "kind: # the switch\n  Suspend\n" + rest,
		api + "kind: !!str # the switch\n  Suspend\n" + rest,
		api + "? kind\n: Suspend\n" + rest,
		api + "? !!str kind\n: !!str Suspend\n" + rest,
		api + "!!str kind: Suspend\n" + rest,
		api + "!own kind: Suspend\n" + rest,
		api + "\"k\\u0069nd\": Suspend\n" + rest,
		api + "kind: \"Sus\\u0070end\"\n" + rest,
		api + "kind: \"Sus\\\n  pend\"\n" + rest,
		api + "kind: [Suspend]\n" + rest,
		api + "kind: {Suspend: x}\n" + rest,
		api + "kind: [\"Suspend\"\n" + rest,
		api + "kind: SUSPEND\n" + rest,
		api + "Kind: Suspend\n" + rest,
		api + "kind: Suspend\nkind: Suspend\n" + rest,
		api + "kind: Suspend\nkind: Workspace\n" + rest,
		api + "kind: Workspace\nkind: Suspend\n" + rest,
		"x: &k Suspend\n" + api + "kind: *k\n" + rest,
		"x: &k {kind: Suspend}\n" + api + "<<: *k\n" + rest,
		"apiVersion: !!str syncer.dev/v1alpha1\nkind: !!str Suspend\n" + rest,
		"apiVersion: !own syncer.dev/v1alpha1\nkind: Suspend\n" + rest,
		"{\"apiVersion\": \"syncer.dev/v1alpha1\", \"kind\": \"Suspend\", \"metadata\": {\"name\": \"x\"}}",
		"!own\n" + api + "kind: Suspend\n" + rest,
		"%TAG ! tag:example.com,2026:\n---\n" + api + "kind: !str Suspend\n" + rest,
		"\ufeff" + api + "kind: Suspend\n" + rest,
		api + "kind: [Suspend]\nspec: {reason: r}\n",
		"kind: [Suspend]\n" + rest,
		"- " + "{apiVersion: syncer.dev/v1alpha1, kind: Suspend, metadata: {name: x}, spec: {reason: r}}\n",
		"kind: Suspend\n" + rest,
		"kind: !own Suspend\nspec: {reason: r}\n",
		"kind: Suspend\n\tspec: {reason: r}\n",
	} {
		set, err := load.Load(fstest.MapFS{"s.yaml": {Data: []byte(text)}}, load.Options{})
		if err != nil {
			t.Fatal(err)
		}
		stops := 0
		for i := range set.Suspensions {
			if suspension.Holds(&set.Suspensions[i], time.Now()) {
				stops++
			}
		}
		if stops == 0 {
			t.Errorf("nothing is stopped by\n%s\nproblems: %v, unreadable: %v", text, set.Problems, set.Unreadable)
		}
	}
}
