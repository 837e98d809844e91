// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/gonvenience/ytbx"
	"github.com/homeport/dyff/pkg/dyff"
	"go.yaml.in/yaml/v3"
)

// Field is one field that differs, or a list whose entries do.
type Field struct {
	// Path names entries of lists by their name, where they have one: "spec.containers[server].image".
	Path string
	// Lines are the values as YAML. Each line begins with "-" for the value before, "+" for that after, and " " for a line
	// that is on both sides.
	Lines []string
}

// orderChanged is what a list says whose entries have changed places only.
const orderChanged = " the order of the entries"

// fields compares two objects by dyff: it knows entries of lists by their names, and a list says which of its entries
// came and went. Its own report is not used, because it reads the terminal, and decodes certificates.
func fields(before, after map[string]any) []Field {
	a, errA := document(before)
	b, errB := document(after)
	if errA != nil || errB != nil {
		return nil
	}
	// An error is about documents of different kinds, and these are maps.
	report, err := dyff.CompareInputFiles(a, b, dyff.KubernetesEntityDetection(false))
	if err != nil {
		return nil
	}
	var out []Field
	for _, d := range report.Diffs {
		f := Field{Path: path(d.Path)}
		for _, detail := range d.Details {
			f.Lines = append(f.Lines, lines(detail)...)
		}
		out = append(out, f)
	}
	return out
}

// document is an object as dyff reads it.
func document(o map[string]any) (ytbx.InputFile, error) {
	var n yaml.Node
	err := n.Encode(o)
	return ytbx.InputFile{Documents: []*yaml.Node{{Kind: yaml.DocumentNode, Content: []*yaml.Node{&n}}}}, err
}

// lines are the values of one difference.
func lines(d dyff.Detail) []string {
	before, after := value(d.From), value(d.To)
	switch {
	case d.Kind == dyff.ORDERCHANGE:
		return []string{orderChanged}
	case d.From == nil:
		return prefixed("+", after)
	case d.To == nil:
		return prefixed("-", before)
	case !strings.Contains(before+after, "\n"):
		return append(prefixed("-", before), prefixed("+", after)...)
	}
	var out []string
	unified := udiff.Unified("", "", before+"\n", after+"\n")
	for line := range strings.Lines(unified) {
		if line = strings.TrimSuffix(line, "\n"); !header(line) {
			out = append(out, line)
		}
	}
	return out
}

// header reports whether a line of a unified diff of texts without names is none of the texts.
func header(line string) bool {
	return line == "--- " || line == "+++ " || strings.HasPrefix(line, "@@ ") || strings.HasPrefix(line, `\`)
}

// value is a value as YAML, without the line break at its end; the text itself for a text, and one line for each entry
// of a list of such.
func value(n *yaml.Node) string {
	switch {
	case n == nil:
		return ""
	case isText(n):
		return strings.TrimSuffix(n.Value, "\n")
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0 && !slices.ContainsFunc(n.Content, isNoLine):
		var entries []string
		for _, e := range n.Content {
			entries = append(entries, e.Value)
		}
		return strings.Join(entries, "\n")
	}
	var text strings.Builder
	e := yaml.NewEncoder(&text)
	e.SetIndent(2)
	if err := e.Encode(n); err != nil {
		return ""
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func isText(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!str" && n.Value != "" }

// isNoLine reports whether an entry of a list needs more than the line of its text.
func isNoLine(n *yaml.Node) bool { return !isText(n) || strings.Contains(n.Value, "\n") }

func prefixed(sign, text string) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		out = append(out, sign+line)
	}
	return out
}

// path writes a path of dyff as those of Diff.Paths.
func path(p *ytbx.Path) string {
	out := ""
	if p == nil {
		return out
	}
	for _, e := range p.PathElements {
		switch {
		case e.Key != "":
			out += "[" + e.Name + "]"
		case e.Name == "":
			out += "[" + strconv.Itoa(e.Idx) + "]"
		default:
			out = join(out, e.Name)
		}
	}
	return out
}
