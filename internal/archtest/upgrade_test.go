// SPDX-License-Identifier: Apache-2.0

package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documentKind finds where code gives a document of syncer its kind, in each way that the code has to do so.
var documentKind = regexp.MustCompile(
	`(?:APIVersion, (?:Kind: )?|APIVersion: +[a-z.]*APIVersion,\s+Kind: +|list\()"([A-Z][A-Za-z]+)"` +
		`|\n\t?(?:const )?(?:Kind|kind|[a-z]+Kind|KindList|ListKind) += "([A-Z][A-Za-z]+)"`,
)

// TestVersionsOfDocuments: docs/upgrade.md names each kind of document that syncer reads or writes.
func TestVersionsOfDocuments(t *testing.T) {
	text, err := os.ReadFile("../../docs/upgrade.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## Versions of documents")
	table, _, _ = strings.Cut(table, "\n## ")
	found := map[string]bool{}
	for _, p := range list(t) {
		if slices.Contains(helpers, p.name()) {
			continue
		}
		for _, file := range p.GoFiles {
			source, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range documentKind.FindAllStringSubmatch(string(source), -1) {
				kind := m[1] + m[2]
				found[kind] = true
				if !strings.Contains(table, "`"+kind+"`") {
					t.Errorf("docs/upgrade.md does not name %s, of %s/%s", kind, p.name(), file)
				}
			}
		}
	}
	for _, m := range regexp.MustCompile("`([A-Z][A-Za-z]+)`").FindAllStringSubmatch(table, -1) {
		if !found[m[1]] && m[1] != "Workspace" && m[1] != "List" {
			t.Errorf("docs/upgrade.md names %s, which the code does not", m[1])
		}
	}
}
