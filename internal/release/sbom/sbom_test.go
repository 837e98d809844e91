// SPDX-License-Identifier: Apache-2.0

package sbom_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	spdxjson "github.com/spdx/tools-golang/json"

	"syncer.dev/syncer/internal/release/sbom"
	"syncer.dev/syncer/internal/release/static"
	"syncer.dev/syncer/internal/schematest"
)

var subject = sbom.Subject{
	Name:    "program",
	Version: "v0.1.0",
	Source:  "https://example.com/program",
	Created: time.Date(2026, 6, 18, 12, 0, 0, 0, time.UTC),
}

func program(t *testing.T) []byte {
	t.Helper()
	binary, err := static.Build(t.Context(), static.Program{
		Dir: "../../..", Package: "./internal/release/testdata/program", OS: "linux", Arch: "amd64",
	})
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// TestOf: the document follows the schema of SPDX, the library of SPDX reads it, and it names what is linked.
func TestOf(t *testing.T) {
	binary := program(t)
	licenses := map[string]string{"golang.org/x/sync": "BSD-3-Clause", "std": "BSD-3-Clause"}
	text, err := sbom.Of(binary, subject, licenses)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := sbom.Of(binary, subject, licenses); err != nil || !bytes.Equal(again, text) {
		t.Errorf("a second document differs: %v", err)
	}
	schema, err := os.ReadFile("testdata/spdx-schema-2.3.json")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := schematest.Parse(schema)
	if err != nil {
		t.Fatal(err)
	}
	if fault := rules.Check(text); fault != "" {
		t.Error(fault)
	}
	doc, err := spdxjson.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range doc.Packages {
		// The versions follow from go.mod and the toolchain.
		version := map[bool]string{true: p.PackageVersion, false: "VERSION"}[p.PackageName == "program"]
		locator, _, _ := strings.Cut(p.PackageExternalReferences[0].Locator, "@")
		got = append(got, strings.Join([]string{p.PackageName, version, p.PackageLicenseConcluded, locator}, " "))
	}
	want := []string{
		"program v0.1.0 Apache-2.0 pkg:golang/syncer.dev/syncer",
		"stdlib VERSION BSD-3-Clause pkg:golang/stdlib",
		"golang.org/x/sync VERSION BSD-3-Clause pkg:golang/golang.org/x/sync",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packages (-want +got)\n%s", diff)
	}
	if !strings.Contains(doc.Packages[0].PackageSourceInfo, "linux/amd64") || len(doc.Relationships) != 3 {
		t.Errorf("%q, %d relationships", doc.Packages[0].PackageSourceInfo, len(doc.Relationships))
	}
}

func TestOfFails(t *testing.T) {
	_, err := sbom.Of(program(t), subject, map[string]string{"std": "BSD-3-Clause"})
	if err == nil || !strings.Contains(err.Error(), "golang.org/x/sync") {
		t.Error(err)
	}
	if _, err := sbom.Of([]byte("#!/bin/sh"), subject, nil); err == nil {
		t.Error("a script has modules")
	}
}
