package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"syncer.dev/syncer/internal/workspace"
)

// problemFormats are the ways to print Problems.
var problemFormats = map[string]func(io.Writer, []workspace.Problem) error{
	"text": func(w io.Writer, problems []workspace.Problem) error {
		for _, p := range problems {
			fmt.Fprintln(w, p)
		}
		return nil
	},
	"json": func(w io.Writer, problems []workspace.Problem) error {
		if problems == nil {
			problems = []workspace.Problem{}
		}
		return printJSON(w, map[string]any{"problems": problems})
	},
	"github": func(w io.Writer, problems []workspace.Problem) error {
		for _, p := range problems {
			fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", p.Severity, property(p.Path), p.Line, p.Column, property(p.Field), command(textOf(p)))
		}
		return nil
	},
	"azure": func(w io.Writer, problems []workspace.Problem) error {
		for _, p := range problems {
			fmt.Fprintf(w, "##vso[task.logissue type=%s;sourcepath=%s;linenumber=%d;columnnumber=%d]%s\n", p.Severity, azure(p.Path), p.Line, p.Column, azure(textOf(p)))
		}
		return nil
	},
}

func textOf(p workspace.Problem) string {
	text := p.Message
	if p.Field != "" {
		text = p.Field + ": " + text
	}
	if p.Hint != "" {
		text += " (" + p.Hint + ")"
	}
	return text
}

// The escapes of workflow commands: what is printed comes from files that anybody may have written, and must not become a
// command.
var (
	commandEscape  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscape = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	azureEscape    = strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A", ";", "%3B", "]", "%5D")
)

func command(s string) string  { return commandEscape.Replace(s) }
func property(s string) string { return propertyEscape.Replace(s) }
func azure(s string) string    { return azureEscape.Replace(s) }

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
