// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"encoding/json"
	"fmt"
	"io"

	"syncer.dev/syncer/internal/wellknown"
)

// Formats are the names of the formats that Write knows.
var Formats = []string{"text", "json", "github", "azure", "sarif"}

// Write prints a list in one of the Formats.
func Write(w io.Writer, format string, list List) error {
	switch format {
	case "text":
		return writeLines(w, list, textLine)
	case "json":
		return writeJSON(w, Document(list))
	case "github":
		return writeLines(w, list, githubLine)
	case "azure":
		return writeLines(w, list, azureLine)
	case "sarif":
		return writeJSON(w, sarifOf(list))
	}
	return fmt.Errorf("format %q is not one of %v", format, Formats)
}

// Document returns the document of a list, as JSON and YAML have it.
func Document(list List) any {
	none := List{} // a nil list would be null, not []
	return problems{wellknown.APIVersion, "ProblemList", append(none, list...)}
}

func writeLines(w io.Writer, list List, line func(Diagnostic) string) error {
	for _, d := range list {
		if _, err := fmt.Fprintln(w, line(d)); err != nil {
			return err
		}
	}
	return nil
}

// textLine returns what editors and compilers know: "path:line:column: severity: field: message (hint)".
func textLine(d Diagnostic) string { return EscapeText(d.String()) }

// githubLine returns an annotation of a GitHub workflow.
func githubLine(d Diagnostic) string {
	return fmt.Sprintf(
		"::%s file=%s,line=%d,col=%d,title=%s::%s",
		d.Severity,
		EscapeGitHubProperty(d.Path),
		d.Line,
		d.Column,
		EscapeGitHubProperty(d.Field),
		EscapeGitHub(d.Text()),
	)
}

// azureLine returns an annotation of an Azure DevOps pipeline.
func azureLine(d Diagnostic) string {
	return fmt.Sprintf(
		"##vso[task.logissue type=%s;sourcepath=%s;linenumber=%d;columnnumber=%d]%s",
		d.Severity,
		EscapeAzure(d.Path),
		d.Line,
		d.Column,
		EscapeAzure(d.Text()),
	)
}

// problems is the JSON document of a list.
type problems struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Problems   List   `json:"problems"`
}

// MarshalJSON returns the form that is part of the contract of every "-o json".
func (d Diagnostic) MarshalJSON() ([]byte, error) {
	out := struct {
		Reason    Reason   `json:"reason"`
		Path      string   `json:"path"`
		Line      int      `json:"line"`
		Column    int      `json:"column"`
		Field     string   `json:"field"`
		Message   string   `json:"message"`
		Hint      string   `json:"hint"`
		Severity  Severity `json:"severity"`
		Workspace string   `json:"workspace"` // namespace/name, or "" when it is not known
	}{
		Reason:   d.Reason,
		Path:     d.Path,
		Line:     d.Line,
		Column:   d.Column,
		Field:    d.Field,
		Message:  d.Message,
		Hint:     d.Hint,
		Severity: d.Severity,
	}
	if d.Workspace != (Key{}) {
		out.Workspace = d.Workspace.String()
	}
	return marshal(out, "")
}

func writeJSON(w io.Writer, v any) error {
	data, err := marshal(v, "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(EscapeJSON(data), '\n'))
	return err
}

// marshal returns JSON that people can read: without escapes for HTML.
func marshal(v any, indent string) ([]byte, error) {
	var b jsonBuffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", indent)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return b[:len(b)-1], nil // without the line break at the end
}

type jsonBuffer []byte

func (b *jsonBuffer) Write(p []byte) (int, error) { *b = append(*b, p...); return len(p), nil }
