package preset

import "fmt"

// Problem is something wrong with a preset.yaml: where, what, and what to do about it.
type Problem struct {
	Path   string // below Layer.Path
	Line   int
	Column int
	Field  string
	// Message says what is wrong, Hint what to do about it.
	Message string
	Hint    string
}

// Error returns "path:line:column: field: message (hint)", so that a Problem can be used as an error.
func (p Problem) Error() string {
	text := fmt.Sprintf("%s:%d:%d: ", p.Path, p.Line, p.Column)
	if p.Field != "" {
		text += p.Field + ": "
	}
	text += p.Message
	if p.Hint != "" {
		text += " (" + p.Hint + ")"
	}
	return text
}
