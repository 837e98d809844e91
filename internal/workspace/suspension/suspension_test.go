// SPDX-License-Identifier: Apache-2.0

package suspension_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/suspension"
)

func decode(t *testing.T, spec string) (workspace.Suspension, []diag.Diagnostic) {
	t.Helper()
	text := "apiVersion: syncer.dev/v1alpha1\nkind: Suspend\nmetadata: {name: x}\n" + spec
	docs, d := strictyaml.Documents([]byte(text))
	if d != nil || len(docs) != 1 {
		t.Fatal(d)
	}
	return suspension.Decode(docs[0], diag.Position{Path: "s.yaml", Line: 1, Column: 1})
}

// TestDecode: what is not understood makes a suspension wider and longer, and never narrower.
func TestDecode(t *testing.T) {
	const good = "  reason: r\n  until: 2026-12-01T08:00:00Z\n  selector: {names: [a]}\n"
	for name, tt := range map[string]struct {
		spec      string
		all, ends bool
		want      string // an error
	}{
		"good":             {"spec:\n" + good, false, true, ""},
		"quoted time":      {"spec: {reason: r, until: \"2026-12-01T08:00:00+02:00\"}", true, true, ""},
		"everything":       {"spec: {reason: r}", true, false, ""},
		"no reason":        {"spec: {selector: {names: [a]}}", false, false, "4:1: spec.reason: is required"},
		"no spec":          {"", true, false, "spec: is required"},
		"unknown key":      {"spec:\n" + good + "  seletor: {}\n", true, false, "did you mean \"selector\""},
		"unknown selector": {"spec: {reason: r, selector: {name: [a]}}", true, false, "spec.selector.name"},
		"a time without zone": {
			"spec: {reason: r, until: 2026-12-01, selector: {names: [a]}}", false, false, "is not a time",
		},
		"a bad pattern": {"spec: {reason: r, selector: {names: ['[a']}}", true, false, "spec.selector.names[0]"},
		"an empty name": {"spec: {reason: r, selector: {names: ['']}}", true, false, "is not a pattern"},
		"a pattern of namespaces": {
			"spec: {reason: r, selector: {namespaces: ['prod-*']}}", true, false, "spec.selector.namespaces[0]",
		},
		"an empty namespace": {"spec: {reason: r, selector: {namespaces: ['']}}", true, false, "is not a namespace"},
		"a name with its namespace": {
			"spec: {reason: r, selector: {names: [prod/a]}}", true, false, "spec.selector.names[0]",
		},
		"a name in capitals": {"spec: {reason: r, selector: {names: [Phi-4]}}", true, false, "spec.selector.names[0]"},
		"patterns of names":  {"spec: {reason: r, selector: {names: ['[a-c]?.x-*']}}", false, false, ""},
		"a pattern of labels": {
			"spec: {reason: r, selector: {matchLabels: {team: 'search*'}}}", true, false, "spec.selector.matchLabels.team",
		},
		"an empty label": {"spec: {reason: r, selector: {matchLabels: {team: ''}}}", false, false, ""},
		"a wrong type":   {"spec: {reason: r, selector: {namespaces: x}}", true, false, "spec.selector.namespaces"},
	} {
		t.Run(name, func(t *testing.T) {
			s, errs := decode(t, tt.spec)
			if s.Selector.All() != tt.all || !s.Until.IsZero() != tt.ends {
				t.Errorf("selects all: %t, until %v", s.Selector.All(), s.Until)
			}
			if got := fmt.Sprint(errs); (len(errs) > 0) != (tt.want != "") || !strings.Contains(got, tt.want) {
				t.Errorf("errors %s, want %q", got, tt.want)
			}
			if broken := s.Unreadable != ""; broken != (tt.want != "") {
				t.Errorf("unreadable: %q", s.Unreadable)
			}
		})
	}
}

// TestMaySelect: of a Workspace that is gone the labels are unknown, and count as selected.
func TestMaySelect(t *testing.T) {
	s, errs := decode(t, "spec: {reason: r, selector: {namespaces: [n], names: [set, 'b*'], matchLabels: {a: b}}}")
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for key, want := range map[workspace.Key]bool{
		{Namespace: "n", Name: "set-3"}: true,
		{Namespace: "n", Name: "set-x"}: false,
		{Namespace: "n", Name: "set-*"}: true, // capacity.SetKey
		{Namespace: "n", Name: "bb"}:    true,
		{Namespace: "m", Name: "bb"}:    false,
	} {
		if got := suspension.MaySelect(&s, key); got != want {
			t.Errorf("%s: %t", key, got)
		}
	}
	w := workspace.Workspace{Key: workspace.Key{Namespace: "n", Name: "bb"}}
	if suspension.Selects(&s, &w) {
		t.Error("it lacks the label")
	}
	w.Labels = map[string]string{"a": "b"}
	if !suspension.Selects(&s, &w) {
		t.Error("it has the label")
	}
}

// TestMentioned finds every way to write the header, and no mention in a text.
func TestMentioned(t *testing.T) {
	for text, want := range map[string]int{
		"kind: Suspend":                         1,
		"{\"kind\": \"Suspend\"}":               1,
		"a: {kind: suspend}\n---\nkind:Suspend": 2,
		"k\x00i\x00n\x00d\x00:\x00 \x00S\x00u\x00s\x00p\x00e\x00n\x00d\x00": 1,
		"kind: !own Suspend":                 1,
		"kind: &a !!int 'Suspend'":           1,
		"? !!str kind\n: !!str Suspend":      1,
		"kind: !!str |-\n  Suspend\n":        1,
		"kind: # the switch\n  [\"Suspend\"": 1,
		"kind: !!binary U3VzcGVuZA==":        1,
		`kind: "\u0053uspend"`:               1,
		`"k\x69nd": "Sus\U00000070end"`:      1,
		"kind: \"Sus\\\n  pend\"":            1,
		`kind: "Suspend\u0061"`:              1, // also as it is written
		"\xff\xfek\x00i\x00n\x00d\x00:\x00\"\x00\\\x00u\x000\x000\x005\x003\x00u\x00s\x00p\x00e\x00n\x00d\x00\"\x00": 1,
		"\xfe\xff\x00k\x00i\x00n\x00d\x00:\x00 \x00S\x00u\x00s\x00p\x00e\x00n\x00d":                                  1,
		"\ufeffkind: Suspend":                                   1,
		"kind:\u00a0Sus\u200bpend":                              1,
		"kind: Sus\x01pend":                                     1,
		"kind: !!binary |\n  U3Vz\n  cGVuZA==":                  1,
		"!!binary a2luZA==: Suspend":                            1,
		"kind:\n- Suspend":                                      1,
		"[kind: Suspend, ":                                      1,
		"? kind # the switch\n: Suspend":                        1,
		"kind: !<tag:yaml.org,2002:str> &a Suspend":             1,
		"x: &k Suspend\nkind: *k":                               1,
		"x: &k\n  - !own \"\\x53uspend\"\nkind: *k":             1,
		"x: &k kind\n*k : Suspend":                              1,
		"x: &k {kind: Suspend}\n<<: *k":                         1,
		"kind: Workspace # not yet: Suspend":                    0,
		"x: &k Suspend\nkind: Workspace\ny: *k":                 0,
		"x: &k Workspace\nkind: *k\nreason: Suspend":            0,
		`kind: "\u0053uspended"`:                                0,
		`kind: "\\u0053uspend"`:                                 0,
		"kind: !own Workspace\nx: Suspend":                      0,
		"metadata: {annotations: {syncer.dev/suspend: 'true'}}": 0,
		"kind: Suspended":                                       0,
		"mankind: Suspend":                                      0,
	} {
		if got := suspension.Mentioned([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	for kind, want := range map[string]bool{
		"Suspend": false, "suspend": true, "Suspned": true, "Config": false, "Preset": false,
	} {
		if got := suspension.Misspelt(kind); got != want {
			t.Errorf("%s: %t", kind, got)
		}
	}
}

// TestEnds is about the exact end, and a time that is unknown.
func TestEnds(t *testing.T) {
	s, _ := decode(t, "spec: {reason: r, until: 2026-12-01T08:00:00Z}")
	for _, tt := range []struct {
		now  time.Time
		want bool
	}{{s.Until.Add(-time.Second), true}, {s.Until, false}, {time.Time{}, true}} {
		if got := suspension.Holds(&s, tt.now); got != tt.want {
			t.Errorf("at %v: %t", tt.now, got)
		}
	}
	set := &workspace.Set{Suspensions: []workspace.Suspension{s, {}}}
	if got := suspension.Next(set, s.Until.Add(-time.Hour)); !got.Equal(s.Until) {
		t.Errorf("the next end is %v", got)
	}
	if got := suspension.Next(set, s.Until); !got.IsZero() {
		t.Errorf("after the end: %v", got)
	}
}
