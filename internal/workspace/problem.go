package workspace

import (
	"cmp"
	"fmt"
	"strings"
)

// Severity says how bad a Problem is.
type Severity string

// Only an Error blocks the Workspace that it belongs to.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Problem is something wrong in a file: where, what, and what to do about it.
// Its JSON form is part of the contract of "syncer validate --format json".
type Problem struct {
	Path     string   `json:"path"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Field    string   `json:"field"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint"`
	Severity Severity `json:"severity"`

	// Workspace is the Workspace that the Problem blocks, when its name is known.
	Workspace Key `json:"-"`
	// Other is the path of another file, if Message names one.
	Other string `json:"-"`
	// InferenceSet is the InferenceSet all of whose replicas the Problem blocks; then there is no Workspace.
	InferenceSet Key `json:"-"`
}

// String returns "path:line:column: severity: field: message (hint)", the form that editors and compilers use.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s: ", p.Path, p.Line, p.Column, p.Severity)
	if p.Field != "" {
		fmt.Fprintf(&b, "%s: ", p.Field)
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		fmt.Fprintf(&b, " (%s)", p.Hint)
	}
	return b.String()
}

// Compare orders Problems by place, then text, so that every listing is stable.
func (p Problem) Compare(o Problem) int {
	return cmp.Or(
		strings.Compare(p.Path, o.Path), cmp.Compare(p.Line, o.Line), cmp.Compare(p.Column, o.Column),
		strings.Compare(p.Field, o.Field), strings.Compare(p.Message, o.Message),
	)
}
