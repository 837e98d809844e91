// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"encoding/binary"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf16"

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
		stopsBy(t, "s.yaml", text)
	}
}

// TestUnreadClaimsToBeASuspend: a file that cannot be decoded stops everything, however it says that it holds a
// Suspend.
func TestUnreadClaimsToBeASuspend(t *testing.T) {
	const api, rest = "apiVersion: syncer.dev/v1alpha1\n", "metadata: {name: x}\nspec: {reason: r\n"
	wide := func(order binary.AppendByteOrder, text string) string {
		var out []byte
		for _, unit := range utf16.Encode([]rune(text)) {
			out = order.AppendUint16(out, unit)
		}
		return string(out)
	}
	for _, text := range []string{
		api + `kind: "\u0053uspend"` + "\n" + rest,
		api + `kind: "\x53\U00000075spend"` + "\n" + rest,
		api + `"k\u0069nd": "Suspen\x64"` + "\n" + rest,
		`"\u0061piVersion": x` + "\n" + `"k\u0069nd": "\u0053uspend"` + "\n" + `"m\u0065tadata": {` + "\n",
		api + "kind: \"Sus\\\n  pend\"\n" + rest,
		"x: &k Suspend\n" + api + "kind: *k\n" + rest,
		"x: &k \"\\u0053uspend\"\n" + api + "kind: *k\n" + rest,
		"x: &k kind\n" + api + "*k : Suspend\n" + rest,
		"x: &k {kind: Suspend}\n" + api + "<<: *k\n" + rest,
		"x: &k [{\"kind\": \"\\u0053uspend\"}]\n" + api + "<<: *k\n" + rest,
		api + "kind: *unknown\nreason: &a Suspend\n" + rest,
		api + "kind: !own \"\\u0053uspend\"\n" + rest,
		api + "kind: !!binary |\n  U3Vz\n  cGVuZA==\n" + rest,
		api + "!!binary a2luZA==: Suspend\n" + rest,
		api + "? |-\n  kind\n: Suspend\n" + rest,
		api + "kind:\n- Suspend\n" + rest,
		api + "kind:\u00a0Suspend\n" + rest,
		api + "kind: Sus\u200bpend\n" + rest,
		api + "kind: Sus\x01pend\n" + rest,
		api + "kind: Suspend\xff\n" + rest,
		"kind: Suspend\n---\nkind: *unknown\nx: &a Suspend\n" + rest,
		wide(binary.LittleEndian, "\ufeffkind: Suspend\n"+api+rest),
		wide(binary.BigEndian, "\ufeffkind: Suspend\n"+api+rest),
		wide(binary.LittleEndian, api+"kind: \"\\u0053uspend\"\n"+rest),
		wide(binary.BigEndian, "\"k\\u0069nd\": Suspend\n"+api+rest),
		"\ufeff\ufeffkind: Suspend\n" + api + rest,
	} {
		stopsBy(t, "s.yaml", text)
	}
	stopsBy(t, "s.json", `{"apiVersion": "syncer.dev/v1alpha1", "kind": "\u0053uspend", "metadata": {`)
	stopsBy(t, "s.json", `{"\u0061piVersion": "syncer.dev/v1alpha1", "k\u0069nd": "Suspend", "metadata": {`)
	stopsBy(t, "s.json", wide(binary.LittleEndian, `{"apiVersion": "syncer.dev/v1alpha1", "kind": "Suspend"}`))
}

// stopsBy reports an error unless a file with a text stops something.
func stopsBy(t *testing.T, name, text string) {
	t.Helper()
	set, err := load.Load(fstest.MapFS{name: {Data: []byte(text)}}, load.Options{})
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
