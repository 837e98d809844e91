// SPDX-License-Identifier: Apache-2.0

package notices_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/release/notices"
)

const root = "../../.."

// TestNotices: the file of the repository is that of go.mod, and every module has a licence that the release may use.
func TestNotices(t *testing.T) {
	all, err := notices.Linked(t.Context(), root, "./cmd/syncer")
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, root+"/THIRD_PARTY_NOTICES", notices.Text(all))

	// Licences that ask for no more than their text. MPL-2.0 also asks that its files stay available, which they do:
	// they are used unchanged.
	allowed := []string{
		"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-2-Clause-FreeBSD", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MPL-2.0",
		"Unlicense",
	}
	for _, m := range all {
		for id := range strings.SplitSeq(m.License(), " AND ") {
			if !slices.Contains(allowed, id) {
				t.Errorf("%s %s has the licence %s: read it, then add it to the list or replace the module", m.Path, m.Version, id)
			}
		}
	}
}

// TestText says each text once, and who holds it.
func TestText(t *testing.T) {
	mit := notices.File{Name: "LICENSE", IDs: []string{"MIT"}, Text: "The MIT licence.\n"}
	text := notices.Text([]notices.Module{
		{Path: "example.com/a", Version: "v1.0.0", Files: []notices.File{mit, {Name: "sub/NOTICE", Text: "By A.\n"}}},
		{Path: "example.com/bee", Version: "v2.0.0", Files: []notices.File{mit}},
		{Path: "example.com/c", Version: "v3.0.0", Files: []notices.File{{Name: "LICENSE", Text: "Do as you like.\n"}}},
	})
	_, text, _ = strings.Cut(text, "MPL/2.0/\n\n")
	line := strings.Repeat("=", 120) + "\n"
	want := "example.com/a    v1.0.0  MIT\nexample.com/bee  v2.0.0  MIT\nexample.com/c    v3.0.0  NOASSERTION\n" +
		"\n" + line + "example.com/a: LICENSE\nexample.com/bee: LICENSE\n\nThe MIT licence.\n" +
		"\n" + line + "example.com/a: sub/NOTICE\n\nBy A.\n" +
		"\n" + line + "example.com/c: LICENSE\n\nDo as you like.\n"
	if diff := cmp.Diff(want, text); diff != "" {
		t.Error(diff)
	}
}
