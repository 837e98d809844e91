package render

import (
	"fmt"

	"syncer.dev/syncer/internal/workspace"
)

// Refusal says why a kustomization was not built: where it asks for something that could reach outside of the repository, or
// that is too large or malformed to be handed to Kustomize.
type Refusal struct {
	Path   string // slash-separated, in the tree that was given
	Line   int    // from 1; 0 when it is about the whole file or folder
	Column int
	Field  string // such as "resources[2]"; may be empty
	// Message says what is wrong, Hint what to do about it.
	Message string
	Hint    string
}

// Error returns "path:line:column: field: message (hint)".
func (r *Refusal) Error() string {
	text := r.Path
	if r.Line > 0 {
		text += fmt.Sprintf(":%d:%d", r.Line, r.Column)
	}
	text += ": "
	if r.Field != "" {
		text += r.Field + ": "
	}
	text += r.Message
	if r.Hint != "" {
		text += " (" + r.Hint + ")"
	}
	return text
}

// Place returns the refusal as a Problem of the tree that was given.
func (r *Refusal) Place() workspace.Problem {
	return workspace.Problem{
		Path: r.Path, Line: max(r.Line, 1), Column: max(r.Column, 1), Field: r.Field, Message: r.Message, Hint: r.Hint, Severity: workspace.Error,
	}
}
