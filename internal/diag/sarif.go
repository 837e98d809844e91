// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"slices"

	"syncer.dev/syncer/docs/reasons"
)

// The parts of SARIF 2.1.0 that are used here, by the names of the standard.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string     `json:"id"`
		ShortDescription sarifText  `json:"shortDescription"`
		Help             *sarifPage `json:"help,omitempty"`
	}
	sarifPage struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     Severity        `json:"level"` // of the same names
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

// sarifOf returns a list as the log of one run, whose rules are the catalogue of reasons. A rule that has results has
// its page as help.
func sarifOf(list List) sarifLog {
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver.Name = "syncer"
	index := map[Reason]int{}
	for i, e := range Reasons() {
		index[e.Reason] = i
		rule := sarifRule{ID: string(e.Reason), ShortDescription: sarifText{e.Meaning}}
		if slices.ContainsFunc(list, func(d Diagnostic) bool { return d.Reason == e.Reason }) {
			if page, ok := reasons.Page(rule.ID); ok {
				rule.Help = &sarifPage{Text: e.Meaning, Markdown: page}
			}
		}
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
	}
	for _, d := range list {
		at, known := index[d.Reason]
		if !known {
			at = -1 // what the standard says for a rule that is not described
		}
		run.Results = append(run.Results, sarifResult{
			RuleID:    string(d.Reason),
			RuleIndex: at,
			Level:     d.Severity,
			Message:   sarifText{d.Text()},
			Locations: []sarifLocation{sarifLocationOf(d)},
		})
	}
	return sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
}

func sarifLocationOf(d Diagnostic) sarifLocation {
	var out sarifLocation
	out.Physical.Artifact.URI = EscapeURI(d.Path)
	if d.Line > 0 {
		out.Physical.Region = &sarifRegion{d.Line, d.Column}
	}
	if d.Workspace != (Key{}) {
		out.Logical = []sarifLogical{{d.Workspace.String(), "resource"}}
	}
	return out
}
