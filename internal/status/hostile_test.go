// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/capacity/unavailable"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/status/fields"
	"syncer.dev/syncer/internal/workspace"
)

// attacks are texts that try to be more than text in one output or another.
var attacks = []string{
	"a\n::error::x", "##vso[task.complete]", "\x1b]52;c;aGk=\x07", "\u202eevil", "\u009b31m", "a\tb", "\xff", "\x00",
	"\u2028",
	"<img src=x onerror=y>", "![x](http://h/p.png)", "[a](javascript:x)", "http://h/x", "@team", "fixes #12", "a|b|c",
	`\|`, "`",
	"a\n\nSyncer-Commit: forged", "# h", strings.Repeat("long ", 2000), "password=hunter2", "null", "~", "- a", "{", "&a",
	"*a", "!!binary x",
}

// hostileSummary says a text wherever one may stand.
func hostileSummary(s string) Summary {
	r := Report{
		Key:             workspace.Key{Namespace: "default", Name: "phi"},
		State:           State(s),
		ObservedCommit:  s,
		Inputs:          s,
		DesiredCommit:   s,
		DesiredInputs:   s,
		Source:          s,
		Model:           s,
		Revision:        s,
		InstanceType:    s,
		TargetNodeCount: len(s),
		WorkerNodes:     []string{s, s},
		Endpoint:        s,
		HourlyCost:      s,
		Objects:         []string{s},
		Conditions: []Condition{
			{Type: ResourceReady, Status: s, Reason: s, Message: s},
			{Type: s, Status: "False", Reason: s, Message: s},
		},
		Pools: []Pool{{Name: s, State: s, Nodes: 1}},
	}
	bad := r
	bad.Key = workspace.Key{Namespace: s, Name: s}
	return Summary{
		Cluster: s,
		Reports: []*Report{&r, &bad},
		Pools: []Pool{
			{Name: s, State: s, InstanceType: s, Workspace: s, Error: s, NotReleased: s, HourlyCost: s},
		},
		Objects: []Object{{Namespace: s, Name: s, Source: s, Message: s}, {Name: s, Deleting: true, Message: s}},
		Problems: []diag.Diagnostic{
			{Severity: diag.Error, Position: diag.Position{Path: s, Line: 1, Column: 1}, Field: s, Message: s, Hint: s},
		},
		Warnings: []string{s},
	}
}

func unfit(r rune) bool {
	return r != '\n' && unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// kinds counts the nodes of a Markdown document by kind, and returns the text outside of code.
func kinds(source []byte) (map[string]int, string) {
	out, outside := map[string]int{}, ""
	md := goldmark.New(goldmark.WithExtensions(extension.GFM))
	_ = ast.Walk(md.Parser().Parse(text.NewReader(source)), func(n ast.Node, enter bool) (ast.WalkStatus, error) {
		if enter && n.Kind() == ast.KindCodeSpan {
			return ast.WalkSkipChildren, nil
		}
		if t, ok := n.(*ast.Text); ok && enter {
			outside += string(t.Value(source)) + "\n"
		} else if enter && !ok && n.Kind() != ast.KindString {
			out[n.Kind().String()]++
		}
		return ast.WalkContinue, nil
	})
	return out, outside
}

// FuzzFiles: for any text, the files are those of valid names, YAML or Markdown without control characters, the
// overview has the structure of its template, and reading back gives what was written.
func FuzzFiles(f *testing.F) {
	for _, s := range attacks {
		f.Add(s)
	}
	mention := regexp.MustCompile(`@[A-Za-z0-9]|://|(?i:www\.)|#[0-9]`)
	f.Fuzz(func(t *testing.T, s string) {
		summary := hostileSummary(s)
		files := Files(summary)
		names := slices.Sorted(maps.Keys(files))
		if valid(workspace.Key{Namespace: s, Name: s}) {
			summary.Reports = summary.Reports[:1]
		} else if diff := cmp.Diff([]string{OverviewFile, CapacityFile, "default/phi.yaml", ObjectsFile}, names); diff != "" {
			t.Fatalf("%q: %s", s, diff)
		}
		for name, data := range files {
			if bytes.ContainsFunc(data, unfit) || bytes.ToValidUTF8(data, nil) == nil || len(data) > 100_000 {
				t.Errorf("%q makes %s, of %d bytes:\n%s", s, name, len(data), data)
			}
			var v any
			if err := yaml.Unmarshal(data, &v); err != nil && strings.HasSuffix(name, ".yaml") {
				t.Errorf("%q makes no YAML: %v\n%s", s, err, data)
			}
		}
		var b bytes.Buffer
		if err := Table(&b, summary.Reports, true); err != nil ||
			bytes.Count(b.Bytes(), []byte("\n")) != len(summary.Reports)+1 ||
			bytes.ContainsFunc(b.Bytes(), unfit) {
			t.Errorf("%q makes the table %q, %v", s, b.String(), err)
		}
		if len(summary.Reports) == 2 {
			got, outside := kinds(files[OverviewFile])
			want, _ := kinds(Files(hostileSummary("X y"))[OverviewFile])
			if diff := cmp.Diff(want, got); diff != "" && strings.TrimSpace(s) != "" {
				t.Errorf("%q makes\n%s\n%s", s, files[OverviewFile], diff)
			}
			if found := mention.FindString(outside); found != "" {
				t.Errorf("%q: %q stands outside of code:\n%s", s, found, files[OverviewFile])
			}
		}
		again := summary
		again.Reports = FromFiles(files, t1)
		if diff := cmp.Diff(string(files["default/phi.yaml"]), string(Files(again)["default/phi.yaml"])); diff != "" {
			t.Errorf("%q is not what was written: %s", s, diff)
		}
	})
}

// FuzzReadBack: for any file that others put on the status branch, what is read of it is within bounds, and can be
// written again to the same path.
func FuzzReadBack(f *testing.F) {
	files := Files(summary())
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f.Add(name, files[name])
	}
	for _, s := range attacks {
		f.Add("default/phi.yaml", Files(hostileSummary(s))["default/phi.yaml"])
	}
	f.Add("prod/phi.yaml", []byte("kind: WorkspaceStatus\nmetadata: {namespace: ../prod, name: phi}\n"))
	f.Add("default/phi.yaml", []byte("kind: WorkspaceStatus\nmetadata: {namespace: prod, name: phi}\n"))
	f.Add("default/phi.yaml", []byte("kind: WorkspaceStatus\nmetadata: {namespace: default, name: phi}\nstatus: "+
		"{state: \"\\xff\", "+
		"targetNodeCount: 99999999, conditions: [{type: ResourceReady, lastTransitionTime: \"9999-01-01T00:00:00Z\"}]}\n"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		in := map[string][]byte{name: data}
		reports := FromFiles(in, t1)
		for _, r := range reports {
			if FileName(r.Key) != name || !valid(r.Key) || r.State.known() != r.State ||
				r.TargetNodeCount < 0 || r.TargetNodeCount > maxNumber {
				t.Fatalf("%s: %+v", name, r)
			}
			for _, c := range r.Conditions {
				if c.LastTransitionTime.After(t1) || len(c.Message) > maxText || strings.ContainsFunc(c.Message, unfit) {
					t.Fatalf("%s: %+v", name, c)
				}
			}
			if len(r.YAML()) == 0 {
				t.Fatalf("%+v cannot be written", r)
			}
		}
	})
}

// FuzzCapacityReadBack: what any client wrote into capacity.yaml blocks no offering for longer than syncer itself
// would, and can be written and read again.
func FuzzCapacityReadBack(f *testing.F) {
	f.Add(Files(summary())[CapacityFile])
	for _, entry := range []string{
		"{size: x, failures: 1, since: 2026-01-01T00:00:00Z, until: 9999-12-31T00:00:00Z}",
		"{size: x, failures: 1, since: 9999-01-01T00:00:00Z, until: 9999-12-31T00:00:00Z}",
		"{size: x, failures: -1, priority: spot, since: 2026-01-01T00:00:00Z, until: 2026-01-02T00:00:00Z}",
		"{size: \"a\\nb\", region: x, reason: \"\\e[2J\", failures: 9e9, vcpus: 99999999, since: 2026-01-01T00:00:00Z, " +
			"until: 2026-01-02T00:00:00Z}",
		"&a {size: x, failures: 1}, *a", "{size: x, since: 0000-00-00T00:00:00Z}", "null", "[]",
	} {
		f.Add([]byte("kind: CapacityStatus\nunavailable: [" + entry + "]\n"))
	}
	for _, s := range attacks {
		f.Add(Files(hostileSummary(s))[CapacityFile])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		u := UnavailableFrom(data, t1)
		for _, e := range u.Entries {
			if e.Until.After(t1.Add(26*time.Hour)) || e.Since.After(t1) || len(e.Reason) > maxText || e.Failures > 1000 {
				t.Fatalf("%+v", e)
			}
		}
		if again := UnavailableFrom(Files(Summary{Unavailable: u})[CapacityFile], t1); len(again.Entries) != len(u.Entries) {
			t.Fatalf("%+v became %+v", u, again)
		}
	})
}

// TestOnlyNamesBecomePaths: a key that is no name of a Workspace is written nowhere, and README.md names it.
func TestOnlyNamesBecomePaths(t *testing.T) {
	for _, k := range []workspace.Key{
		{Namespace: "default", Name: "../prod/phi"},
		{Namespace: "..", Name: "phi"},
		{Namespace: "default", Name: "a\nb"},
		{Namespace: "", Name: "phi"},
		{Namespace: "default", Name: ""},
		{Namespace: "a/b", Name: "phi"},
		{Namespace: "default", Name: "."},
		{Namespace: "default", Name: strings.Repeat("a", 300)},
	} {
		files := Files(Summary{Cluster: "demo", Reports: []*Report{{Key: k, State: Ready}}})
		if len(files) != 2 || !bytes.Contains(files[OverviewFile], []byte("has no status file")) {
			t.Errorf("%q: %q\n%s", k, slices.Sorted(maps.Keys(files)), files[OverviewFile])
		}
		forged := []byte(fmt.Sprintf("kind: WorkspaceStatus\nmetadata: {namespace: %q, name: %q}\n", k.Namespace, k.Name))
		if r, err := Parse(forged); err == nil {
			t.Errorf("%q is read as %+v", k, r)
		}
	}
}

// TestCleanKeepsTheReport: Reports never change, also not in their lists when these are cleaned.
func TestCleanKeepsTheReport(t *testing.T) {
	for _, attack := range attacks {
		r, same := hostileSummary(attack).Reports[0], hostileSummary(attack).Reports[0]
		r.WorkerNodes, same.WorkerNodes = []string{"a", attack, "b"}, []string{"a", attack, "b"}
		clean := r.clean()
		if diff := cmp.Diff(same, r); diff != "" {
			t.Errorf("%q (-before +after):\n%s", attack, diff)
		}
		if diff := cmp.Diff([]string{"a", word(attack), "b"}, clean.WorkerNodes); diff != "" {
			t.Errorf("%q (-want +got):\n%s", attack, diff)
		}
	}
}

// TestReadBackIsBounded lists what a user with write access to the status branch could say.
func TestReadBackIsBounded(t *testing.T) {
	now := t1
	of := func(status string) map[string][]byte {
		return map[string][]byte{"default/phi.yaml": []byte("kind: WorkspaceStatus\nmetadata: {namespace: default, " +
			"name: phi}\nstatus: {" +
			status + "}\n")}
	}
	future := FromFiles(
		of(`conditions: [{type: ResourceReady, status: "False", lastTransitionTime: "9999-01-01T00:00:00Z"}]`),
		now,
	)
	if len(future) != 1 || !future[0].Conditions[0].LastTransitionTime.Equal(now) {
		t.Errorf("%+v", future)
	}
	states := FromFiles(
		of(`state: "Rea\ndy", targetNodeCount: 2147483647, instanceType: `+strings.Repeat("x", 100_000)),
		now,
	)
	if len(states) != 1 || states[0].State != Pending || states[0].TargetNodeCount != maxNumber ||
		len(states[0].InstanceType) > maxWord {
		t.Errorf("%+v", states)
	}
	other := map[string][]byte{
		"default/phi.yaml": []byte("kind: WorkspaceStatus\nmetadata: {namespace: prod, name: phi}\n"),
	}
	if got := FromFiles(other, now); len(got) != 0 {
		t.Errorf("a file speaks of another Workspace: %+v", got)
	}
	huge := bytes.Repeat([]byte("#"), fields.MaxFile+1)
	if got := FromFiles(map[string][]byte{"default/phi.yaml": huge}, now); len(got) != 0 {
		t.Errorf("a huge file is read: %+v", got)
	}
	const entry = "{size: x, failures: %d, priority: %s, since: %s, until: %s}"
	entries := func(failures int, priority, since, until string) []unavailable.Entry {
		text := "kind: CapacityStatus\nunavailable: [" + fmt.Sprintf(entry, failures, priority, since, until) + "]\n"
		return UnavailableFrom([]byte(text), now).Entries
	}
	const y2026, y9999 = "2026-01-02T00:00:00Z", "9999-12-31T00:00:00Z"
	for _, got := range [][]unavailable.Entry{
		entries(1, "spot", y2026, y9999), entries(9999999, "spot", y9999, "9999-12-31T01:00:00Z"),
	} {
		if len(got) != 1 || got[0].Until.After(now.Add(26*time.Hour)) || got[0].Since.After(now) || got[0].Failures > 1000 {
			t.Errorf("%+v", got)
		}
	}
	for _, got := range [][]unavailable.Entry{
		entries(-1, "spot", y2026, y9999), entries(1, "always", y2026, y9999), entries(1, "spot", y9999, y2026),
	} {
		if len(got) != 0 {
			t.Errorf("%+v", got)
		}
	}
}

// TestLongListsAreLeft: of a list that is too long, in a file that reads like one of ours, only what counts stays in
// memory. 64 MiB of such files would take six times that otherwise.
func TestLongListsAreLeft(t *testing.T) {
	const text = "apiVersion: syncer.dev/v1alpha1\nkind: WorkspaceStatus\nmetadata: {namespace: default, name: phi}\n" +
		"status:\n  state: Ready\n  objects: [%s]\n"
	r, err := Parse(fmt.Appendf(nil, text, strings.TrimSuffix(strings.Repeat("a, ", 20*maxList), ", ")))
	if err != nil || len(r.Objects) != maxList {
		t.Fatal(len(r.Objects), err)
	}
	if n := cap(r.Objects); n > 2*maxList {
		t.Errorf("there is room for %d entries", n)
	}
}
