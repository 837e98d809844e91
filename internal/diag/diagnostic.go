// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// Severity says how bad a Diagnostic is.
type Severity string

// Only an Error blocks the Workspace that it belongs to.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Position is a place in a file. Line and Column count from 1; both are 0 for a whole file or folder, and without a
// file. Path is slash-separated; it may also name another source of a value, such as an environment
// variable.
type Position struct {
	Path   string
	Line   int
	Column int
}

// String returns "path:line:column", without the parts that are not known.
func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.Path
	case p.Path == "":
		return fmt.Sprintf("%d:%d", p.Line, p.Column)
	}
	return fmt.Sprintf("%s:%d:%d", p.Path, p.Line, p.Column)
}

// Compare orders positions by path, line and column.
func (p Position) Compare(o Position) int {
	return cmp.Or(strings.Compare(p.Path, o.Path), cmp.Compare(p.Line, o.Line), cmp.Compare(p.Column, o.Column))
}

// Key is the namespace and name of a Workspace. It is declared here because this package is below all others.
type Key struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// String returns "namespace/name".
func (k Key) String() string { return k.Namespace + "/" + k.Name }

// Compare orders keys by namespace, then name.
func (k Key) Compare(o Key) int {
	if order := strings.Compare(k.Namespace, o.Namespace); order != 0 {
		return order
	}
	return strings.Compare(k.Name, o.Name)
}

// Diagnostic is one thing that is wrong. It is a value: two that are equal say the same.
type Diagnostic struct {
	Severity Severity
	Reason   Reason
	Position
	Field   string // path of the field, such as "tuning.input.urls[0]"; "" for the whole document
	Message string // one line, without the field
	Hint    string // what to do about it; may be empty

	// Workspace is the Workspace that the Diagnostic concerns, when its name is known.
	Workspace Key
	// InferenceSet is the InferenceSet all of whose replicas it concerns; then there is no Workspace.
	InferenceSet Key
	// Other is the path of another file, if Message names one.
	Other string
}

// Errorf returns an error without a place.
func Errorf(reason Reason, format string, args ...any) Diagnostic {
	return Diagnostic{Severity: Error, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Warningf returns a warning without a place.
func Warningf(reason Reason, format string, args ...any) Diagnostic {
	return Diagnostic{Severity: Warning, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// From returns the Diagnostic that an error is or holds, or a new one with its text.
func From(err error, otherwise Reason) Diagnostic {
	if d, ok := As(err); ok {
		return d
	}
	return Errorf(otherwise, "%v", err)
}

// As returns the first Diagnostic in the tree of an error.
func As(err error) (Diagnostic, bool) {
	var d Diagnostic
	if errors.As(err, &d) {
		return d, true
	}
	var p *Diagnostic
	if errors.As(err, &p) && p != nil {
		return *p, true
	}
	return Diagnostic{}, false
}

// All returns every Diagnostic in the tree of an error. An error that lists its own has a method Diagnostics.
func All(err error) []Diagnostic {
	var wrapped []error
	switch e := any(err).(type) {
	case Diagnostic:
		return []Diagnostic{e}
	case interface{ Diagnostics() []Diagnostic }:
		return e.Diagnostics()
	case interface{ Unwrap() error }:
		wrapped = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		wrapped = e.Unwrap()
	}
	var out []Diagnostic
	for _, inner := range wrapped {
		out = append(out, All(inner)...)
	}
	return out
}

// On returns the Diagnostic about a field.
func (d Diagnostic) On(field string) Diagnostic { d.Field = field; return d }

// At returns the Diagnostic at a line and column of its file.
func (d Diagnostic) At(line, column int) Diagnostic { d.Line, d.Column = line, column; return d }

// In returns the Diagnostic in a file.
func (d Diagnostic) In(path string) Diagnostic { d.Path = path; return d }

// Placed returns the Diagnostic at a position.
func (d Diagnostic) Placed(p Position) Diagnostic { d.Position = p; return d }

// Suggest returns the Diagnostic with a hint.
func (d Diagnostic) Suggest(hint string) Diagnostic { d.Hint = hint; return d }

// For returns the Diagnostic as one that concerns a Workspace.
func (d Diagnostic) For(workspace Key) Diagnostic { d.Workspace = workspace; return d }

// Text returns "field: message (hint)", for readers that have the place already.
func (d Diagnostic) Text() string {
	text := d.Message
	if d.Field != "" {
		text = d.Field + ": " + text
	}
	if d.Hint != "" {
		text += " (" + d.Hint + ")"
	}
	return text
}

// String returns "path:line:column: severity: field: message (hint)", the form that editors and compilers use.
func (d Diagnostic) String() string {
	text := string(d.Severity) + ": " + d.Text()
	if at := d.Position.String(); at != "" {
		return at + ": " + text
	}
	return text
}

// Error returns "path:line:column: field: message (hint)", without the parts that are not known.
func (d Diagnostic) Error() string {
	if at := d.Position.String(); at != "" {
		return at + ": " + d.Text()
	}
	return d.Text()
}

// Compare orders Diagnostics by place, then text, so that every listing is stable.
func (d Diagnostic) Compare(o Diagnostic) int {
	return cmp.Or(d.Position.Compare(o.Position), strings.Compare(d.Field, o.Field), strings.Compare(d.Message, o.Message))
}
