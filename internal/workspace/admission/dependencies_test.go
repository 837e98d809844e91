// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/workspace"
)

// TestDependencies: what the annotation names must exist, and nothing may wait for itself.
func TestDependencies(t *testing.T) {
	const spec = "inference: {preset: {name: phi-4-mini-instruct}}\n"
	const field = "error metadata.annotations.syncer.dev/depends-on: "
	const write = " (write NAME, or NAMESPACE/NAME for another namespace, separated by commas)"
	const hint = " (name a Workspace of the source, or remove the name; validate looks only at the paths that it is given)"
	other := "---\n" + strings.Replace(file("v1beta1", "syncer.dev/depends-on: w", spec), "{name: w,", "{name: other,", 1)
	for name, tt := range map[string]struct {
		on, more string
		want     []string
	}{
		"another one": {"other", "---\n" + strings.Replace(file("v1beta1", "", spec), "{name: w,", "{name: other,", 1), nil},
		"a misspelling": {
			"othr", other, []string{field + `there is no Workspace default/othr (did you mean "default/other"?)`},
		},
		"another namespace": {"models/w", "", []string{field + "there is no Workspace models/w" + hint}},
		"itself": {"w", "", []string{
			field + "waits for itself: default/w -> default/w " +
				"(remove one of these dependencies, so that a Workspace can go first)",
		}},
		"a cycle": {"other", other, []string{
			field + "waits for itself: default/w -> default/other -> default/w " +
				"(remove one of these dependencies, so that a Workspace can go first)",
			field + "waits for itself: default/other -> default/w -> default/other " +
				"(remove one of these dependencies, so that a Workspace can go first)",
		}},
		"no name": {"'/x, '", "", []string{
			field + `"" is not the name of a Workspace` + write,
			field + `"/x" is not the name of a Workspace` + write,
		}},
		"too many": {strings.Repeat("other,", 32) + "other", other, []string{
			field + "names 33 Workspaces, and may name 32 (name only those that must be done first)",
		}},
		"a file that cannot be read": {"hidden", "---\nkind: Workspace\nmetadata: {name: hidden}\nx: [", nil},
	} {
		t.Run(name, func(t *testing.T) {
			text := file("v1beta1", "syncer.dev/depends-on: "+tt.on, spec)
			if strings.Contains(tt.on, ",") && !strings.HasPrefix(tt.on, "'") {
				text = strings.Replace(text, tt.on, "'"+tt.on+"'", 1)
			}
			var got []string
			for _, p := range found(t, text+tt.more, nil, workspace.Env{}) {
				if strings.Contains(p, "depends-on") {
					got = append(got, p)
				}
			}
			if name == "too many" { // the cycle of the other one is not the point
				got = got[:min(len(got), 1)]
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
