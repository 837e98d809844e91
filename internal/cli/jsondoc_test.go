// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/app/ondemand"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/document"
	"syncer.dev/syncer/internal/status"
)

// TestJSONIsDocumented compares the tables of docs/json.md with the types of the documents.
func TestJSONIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	var pullRequest []string
	for _, key := range words("number url head target fork") {
		pullRequest = append(pullRequest, "pullRequest."+key)
	}
	verdict := append(words("workspace preset"), fields(reflect.TypeFor[capacity.VerdictDocument](), "")...)
	tests := map[string][]string{
		"ProblemList":     below("problems[].", problemKeys),
		"Size":            append(fields(reflect.TypeFor[answer.Size](), ""), "pricesDate"),
		"SizeVerdict":     verdict,
		"ReasonList":      fields(reflect.TypeFor[answer.Explanation](), "items[]."),
		"PriceList":       fields(reflect.TypeFor[answer.PriceList](), ""),
		"PresetList":      fields(reflect.TypeFor[answer.PresetList](), ""),
		"Preset":          fields(reflect.TypeFor[answer.Preset](), ""),
		"ImageList":       fields(reflect.TypeFor[answer.ImageList](), ""),
		"Review":          append(words("state verdict comment url skipped error plan"), pullRequest...),
		"WorkspaceStatus": fields(reflect.TypeOf(status.Report{}.Document()), ""),
		"EventList":       below("items[].", words("time namespace name change commit statusCommit")),
		"OriginList":      fields(reflect.TypeFor[answer.Origin](), "items[]."),
		"Pass":            fields(reflect.TypeFor[ondemand.Result](), ""),
		"Check":           fields(reflect.TypeFor[answer.Check](), ""),
		"Adoption":        fields(reflect.TypeFor[answer.Adoption](), ""),
	}
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| .+ \\|$")
	for kind, want := range tests {
		_, part, found := strings.Cut(string(text), "\n## "+kind+"\n")
		part, _, _ = strings.Cut(part, "\n## ")
		var have []string
		for _, m := range row.FindAllStringSubmatch(part, -1) {
			have = append(have, m[1])
		}
		// A row for the object itself may stand above those of its fields.
		have = slices.DeleteFunc(have, func(h string) bool {
			below := func(w string) bool { return strings.HasPrefix(w, h+".") }
			return !slices.Contains(want, h) && slices.ContainsFunc(want, below)
		})
		slices.Sort(want)
		slices.Sort(have)
		if diff := cmp.Diff(want, have); diff != "" || !found {
			t.Errorf("docs/json.md, %s (-want +have):\n%s", kind, diff)
		}
	}
	for _, kind := range documented(t) {
		if !strings.Contains(string(text), "`"+kind+"`") {
			t.Errorf("docs/json.md does not name %s", kind)
		}
	}
}

// TestPlanIsDocumented compares the table of docs/plan.md with the type of the document.
func TestPlanIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/plan.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, _ := strings.Cut(string(text), "\n## JSON\n")
	part, _, _ = strings.Cut(part, "\n### ")
	have := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| .+ \\|$").FindAllStringSubmatch(part, -1) {
		have[m[1]] = true
	}
	// Documents of their own, and what has the same fields as another part.
	elsewhere := regexp.MustCompile(`^(problems|warnings|workspaces\[\]\.(after|sizes\[\]))(\[\])?\.`)
	want := map[string]bool{}
	for _, path := range fields(reflect.TypeOf(document.Of(&plan.Plan{})), "") {
		path = strings.TrimSuffix(path, "[]")
		if !elsewhere.MatchString(path) {
			want[path] = true
		}
		if !elsewhere.MatchString(path) && !have[path] {
			t.Errorf("docs/plan.md lacks %s", path)
		}
	}
	for path := range have {
		part := func(w string) bool { return strings.HasPrefix(w, path+".") || strings.HasPrefix(w, path+"[].") }
		alone := slices.Contains(words("apiVersion kind problems warnings workspaces[].after workspaces[].sizes"), path)
		if !want[path] && !alone && !slices.ContainsFunc(slices.Collect(maps.Keys(want)), part) {
			t.Errorf("docs/plan.md names %s, which the document does not have", path)
		}
	}
	if len(want) < 70 {
		t.Errorf("only %d fields were found", len(want))
	}
}

// documented are the kinds of what commands print, by docs/upgrade.md.
func documented(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/upgrade.md")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.TrimSpace(cells[1]) != "`syncer.dev/v1`" || strings.Contains(cells[3], "files on") {
			continue
		}
		for _, m := range regexp.MustCompile("`([A-Z]\\w+)`").FindAllStringSubmatch(cells[2], -1) {
			kinds = append(kinds, m[1])
		}
	}
	if len(kinds) < 15 {
		t.Errorf("docs/upgrade.md has only %d kinds", len(kinds))
	}
	return kinds
}

func below(prefix string, keys []string) []string {
	var out []string
	for _, key := range keys {
		out = append(out, prefix+key)
	}
	return out
}

// fields returns the paths of what a type has as JSON, without the header of a document.
func fields(of reflect.Type, prefix string) []string {
	var out []string
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			out = append(out, fields(f.Type, prefix)...)
			continue
		}
		if name == "-" || !f.IsExported() || prefix == "" && (name == "apiVersion" || name == "kind") {
			continue
		}
		path, inner := prefix+name, f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			if inner.Kind() == reflect.Slice {
				path += "[]"
			}
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			out = append(out, fields(inner, path+".")...)
			continue
		}
		out = append(out, path)
	}
	return out
}
