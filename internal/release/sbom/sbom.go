// SPDX-License-Identifier: Apache-2.0

// Package sbom writes what a Go program consists of as SPDX 2.3. The modules are those that the linker has recorded in
// the program itself:
//
//	text, err := sbom.Of(program, sbom.Subject{Name: "syncer", Version: "v0.1.0", Created: commitTime}, licences)
package sbom

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"syncer.dev/syncer/internal/release/notices"
)

// Subject is the program.
type Subject struct {
	Name, Version string
	Source        string    // where its sources are
	Created       time.Time // of the document
}

// Of returns the document as JSON. The licences are expressions of SPDX by the path of the module, that of the standard
// library by notices.Standard; a module without one is an error. The same input gives the same bytes.
func Of(program []byte, s Subject, licenses map[string]string) ([]byte, error) {
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		return nil, fmt.Errorf("read the modules of %s: %w", s.Name, err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(program))
	self := &spdx.Package{
		PackageName:             s.Name,
		PackageSPDXIdentifier:   common.ElementID("Package-" + id(s.Name)),
		PackageVersion:          s.Version,
		PackageDownloadLocation: s.Source,
		PackageLicenseConcluded: "Apache-2.0",
		PackageLicenseDeclared:  "Apache-2.0",
		PackageCopyrightText:    "NOASSERTION",
		PrimaryPackagePurpose:   "APPLICATION",
		PackageSourceInfo:       "built for " + platform(info) + " with " + info.GoVersion,
		PackageChecksums:        []common.Checksum{{Algorithm: common.SHA256, Value: sum}},
		PackageExternalReferences: []*spdx.PackageExternalReference{
			purl("pkg:golang/" + info.Main.Path + "@" + s.Version),
		},
	}
	doc := &spdx.Document{
		SPDXVersion:       spdx.Version,
		DataLicense:       spdx.DataLicense,
		SPDXIdentifier:    "DOCUMENT",
		DocumentName:      s.Name + " " + s.Version + " " + platform(info),
		DocumentNamespace: s.Source + "/sbom/" + sum,
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: s.Name + "-release"}},
			Created:  s.Created.UTC().Format(time.RFC3339),
		},
		Packages: []*spdx.Package{self},
		Relationships: []*spdx.Relationship{
			relation("DOCUMENT", common.TypeRelationshipDescribe, self.PackageSPDXIdentifier),
		},
	}
	for _, m := range modules(info) {
		p, err := module(m, licenses)
		if err != nil {
			return nil, err
		}
		doc.Packages = append(doc.Packages, p)
		doc.Relationships = append(doc.Relationships,
			relation(self.PackageSPDXIdentifier, common.TypeRelationshipDependsOn, p.PackageSPDXIdentifier))
	}
	var out bytes.Buffer
	err = spdxjson.Write(doc, &out, spdxjson.Indent("  "), spdxjson.EscapeHTML(false))
	return out.Bytes(), err
}

// modules returns what is linked: a replacement instead of what it replaces, and the standard library.
func modules(info *debug.BuildInfo) []*debug.Module {
	out := []*debug.Module{{Path: notices.Standard, Version: strings.TrimPrefix(info.GoVersion, "go")}}
	for _, m := range info.Deps {
		for m.Replace != nil {
			m = m.Replace
		}
		out = append(out, m)
	}
	return out
}

func module(m *debug.Module, licenses map[string]string) (*spdx.Package, error) {
	license := licenses[m.Path]
	if license == "" {
		return nil, fmt.Errorf("the licence of the linked module %s %s is unknown", m.Path, m.Version)
	}
	name := m.Path
	if name == notices.Standard {
		name = "stdlib" // as the databases of vulnerabilities call it
	}
	p := &spdx.Package{
		PackageName:               name,
		PackageSPDXIdentifier:     common.ElementID("Package-" + id(name)),
		PackageVersion:            m.Version,
		PackageDownloadLocation:   "NOASSERTION",
		PackageLicenseConcluded:   license,
		PackageLicenseDeclared:    license,
		PackageCopyrightText:      "NOASSERTION",
		PrimaryPackagePurpose:     "LIBRARY",
		PackageExternalReferences: []*spdx.PackageExternalReference{purl("pkg:golang/" + name + "@" + m.Version)},
	}
	if m.Sum != "" {
		p.PackageComment = "checksum of Go: " + m.Sum // of a list of files, so that SPDX has no name for it
	}
	return p, nil
}

func relation(from common.ElementID, kind string, to common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{
		RefA:         common.DocElementID{ElementRefID: from},
		RefB:         common.DocElementID{ElementRefID: to},
		Relationship: kind,
	}
}

// purl returns a package URL, by which scanners look up vulnerabilities.
func purl(locator string) *spdx.PackageExternalReference {
	return &spdx.PackageExternalReference{
		Category: common.CategoryPackageManager,
		RefType:  common.TypePackageManagerPURL,
		Locator:  strings.ReplaceAll(locator, "+", "%2B"),
	}
}

var notInID = regexp.MustCompile(`[^a-zA-Z0-9.-]`)

// id returns the name as a part of an identifier of SPDX. An underscore and a slash differ.
func id(name string) string {
	return notInID.ReplaceAllStringFunc(strings.ReplaceAll(name, "/", "-"), func(s string) string {
		return fmt.Sprintf("-%x", s)
	})
}

func platform(info *debug.BuildInfo) string {
	set := map[string]string{}
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	return set["GOOS"] + "/" + set["GOARCH"]
}
