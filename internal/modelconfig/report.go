// SPDX-License-Identifier: Apache-2.0

package modelconfig

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/imagespec"
	"syncer.dev/syncer/internal/strictyaml"
)

// maxProblems bounds the errors that are reported of one text, and the warnings: a reader cannot use more, and each
// suggestion takes time. Warnings do not use up the room for an error.
const maxProblems = 50

// maxName is longer than any name of a flag: for a longer one no suggestion is sought.
const maxName = 80

// report collects what is wrong in one text. Positions are those in the text.
type report struct {
	spec *imagespec.Spec
	// foreign says that the image is the user's own: what it takes is not known, and nothing is an error.
	foreign  bool
	problems []diag.Diagnostic
	errors   int // among problems
}

// full reports whether no more is to be said about the text.
func (r *report) full() bool { return r.errors >= maxProblems || r.foreign && r.warned() }

// warned reports whether no more warnings are to be added.
func (r *report) warned() bool { return len(r.problems)-r.errors >= maxProblems }

// meant returns the known name that another is near to, or "".
func meant(name string, known []string) string {
	if len(name) > maxName {
		return ""
	}
	return strictyaml.Suggest(name, known)
}

func (r *report) add(severity diag.Severity, n *yaml.Node, reason diag.Reason, field, message, hint string) {
	if r.foreign {
		severity = diag.Warning
	}
	if severity == diag.Error && r.full() || severity != diag.Error && r.warned() {
		return
	}
	if severity == diag.Error {
		r.errors++
	}
	d := diag.Diagnostic{Severity: severity, Reason: reason, Field: field, Message: message, Hint: hint}
	if n != nil {
		d = d.At(n.Line, n.Column)
	}
	r.problems = append(r.problems, d)
}

func (r *report) fail(n *yaml.Node, reason diag.Reason, field, message, hint string) {
	r.add(diag.Error, n, reason, field, message, hint)
}

func (r *report) warn(n *yaml.Node, reason diag.Reason, field, message, hint string) {
	r.add(diag.Warning, n, reason, field, message, hint)
}

// sorted returns the problems in the order of the text.
func (r *report) sorted() []diag.Diagnostic {
	slices.SortStableFunc(r.problems, func(a, b diag.Diagnostic) int { return a.Position.Compare(b.Position) })
	return r.problems
}

// vllm names the release of vLLM in the image.
func (r *report) vllm() string { return "vLLM " + r.spec.Sources["vllm"].Version }

// document parses the text as the one mapping that it must be. It reports what is wrong, and then returns nil.
func (r *report) document(text, key, form string) *yaml.Node {
	docs, syntax := strictyaml.Documents([]byte(text))
	switch {
	case syntax != nil:
		at := &yaml.Node{Line: max(syntax.Line, 1), Column: max(syntax.Column, 1)}
		r.fail(at, diag.InvalidConfig, "", key+" is not valid: "+syntax.Message, syntax.Hint)
	case len(docs) == 0:
		r.fail(nil, diag.InvalidConfig, "", key+" is empty, and the program of the image stops at that", form)
	case len(docs) > 1:
		r.fail(docs[1], diag.InvalidConfig, "", key+" must be one YAML document", "remove the others")
	case docs[0].Kind != yaml.MappingNode:
		r.fail(docs[0], diag.InvalidConfig, "", key+" must be a mapping", form)
	default:
		_, errs := strictyaml.Map(docs[0])
		for _, e := range errs {
			r.fail(&yaml.Node{Line: e.Line, Column: e.Column}, e.Reason, e.Field, e.Message, e.Hint)
		}
		if len(errs) == 0 {
			return docs[0]
		}
	}
	return nil
}

// pythonText returns the text that str(value) of Python makes of a scalar of YAML 1.1, which KAITO's programs pass on
// as an argument.
func pythonText(n *yaml.Node) string {
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return n.Value
	}
	switch n.Value {
	case "", "~", "null", "Null", "NULL":
		return "None"
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON":
		return "True"
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF":
		return "False"
	}
	var i int64
	if n.ShortTag() == "!!int" && n.Decode(&i) == nil {
		return strconv.FormatInt(i, 10)
	}
	return n.Value
}

// value checks the value of one argument. It reports whether it is in order.
func (r *report) value(n *yaml.Node, field string, a imagespec.Arg, text string) bool {
	fault := a.Check(text, meant)
	if fault == nil {
		return true
	}
	r.refuse(n, field, a, text, fault)
	return false
}

// refuse tells why an argument does not take a value.
func (r *report) refuse(n *yaml.Node, field string, a imagespec.Arg, text string, fault *imagespec.Fault) {
	reason := diag.InvalidValue
	switch {
	case fault.Range:
		reason = diag.OutOfRange
	case a.Kind != imagespec.Choice:
		reason = diag.WrongType
	}
	message := fault.Message
	if head, _, _ := strings.Cut(strings.TrimPrefix(field, "vllm."), "."); !secret(field) && !secret(imagespec.Key(head)) {
		message += ", not " + shown(text)
	}
	r.fail(n, reason, field, message, fault.Hint)
}

// secret reports whether the value of a field is a credential, which no message may hold.
func secret(field string) bool {
	return strings.HasSuffix(field, "token") || strings.HasSuffix(field, "api-key")
}

// shown quotes a value for a message. A long one may be anything, and is cut.
func shown(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:60]) + "..."
	}
	return fmt.Sprintf("%q", text)
}

// member checks that a value is one of a list, such as the parsers of the image.
func (r *report) member(n *yaml.Node, field, text string, list []string, what string) {
	if slices.Contains(list, text) {
		return
	}
	hint := "the image has: " + strings.Join(list, ", ")
	if near := meant(text, list); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	r.fail(n, diag.InvalidValue, field, fmt.Sprintf("%s is no %s of the image", shown(text), what), hint)
}
