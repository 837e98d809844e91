// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
)

// Verdict is the answer of "size --why" for one Workspace or preset.
type Verdict struct {
	Workspace string
	Preset    string
	capacity.Verdict
}

// Verdicts are the answers of one command.
type Verdicts []Verdict

// verdictItem is one answer as JSON has it.
type verdictItem struct {
	Workspace string `json:"workspace"`
	Preset    string `json:"preset"`
	capacity.VerdictDocument
}

// verdictDocument is the answer of "size --why -o json" for one Workspace or preset.
type verdictDocument struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	verdictItem
}

// verdictList is the answer of "size --why -o json" for several Workspaces.
type verdictList struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Items      []verdictItem `json:"items"`
}

// Names returns the Workspaces, or the preset, that were judged.
func (a Verdicts) Names() []string {
	var out []string
	for _, v := range a {
		out = append(out, cmp.Or(v.Workspace, v.Preset))
	}
	return out
}

// Document returns the answers as JSON has them: a SizeVerdict, or a SizeVerdictList of several.
func (a Verdicts) Document() any {
	list := verdictList{APIVersion, "SizeVerdictList", []verdictItem{}}
	for _, v := range a {
		list.Items = append(list.Items, verdictItem{v.Workspace, v.Preset, v.Verdict.Document()})
	}
	if len(list.Items) == 1 {
		return verdictDocument{APIVersion, "SizeVerdict", list.Items[0]}
	}
	return list
}

// Refused returns the number of answers that are no.
func (a Verdicts) Refused() int {
	n := 0
	for _, v := range a {
		if !v.Feasible() {
			n++
		}
	}
	return n
}

// Print prints a table of checks for each answer.
func (a Verdicts) Print(w io.Writer) error {
	for i, v := range a {
		if i > 0 {
			fmt.Fprintln(w)
		}
		diag.Fprintf(w, "%s for %s: %s\n", v.SKU.Name, cmp.Or(v.Workspace, v.Preset), v.sum())
		t := newTable(w, 3, 0)
		fmt.Fprintln(t, "\nCHECK\tRESULT\tDETAIL")
		for _, c := range v.checks() {
			v.printCheck(t, c)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// checks are the checks that were made.
func (v Verdict) checks() []capacity.Check {
	if len(v.Obstacles) > 0 && v.Obstacles[0].Check == capacity.CheckFile {
		return []capacity.Check{capacity.CheckFile}
	}
	return capacity.Checks
}

// sum is the verdict in a few words.
func (v Verdict) sum() string {
	text := string(v.Result())
	if o := v.Option; o.Nodes > 0 {
		text += fmt.Sprintf(", %s, %s", Plural(o.Nodes, "node"), Plural(o.GPUs, "GPU"))
		if o.HourlyCost.Known {
			text += fmt.Sprintf(", %s USD/h", o.HourlyCost)
		}
	}
	if v.Dearer.Known {
		text += fmt.Sprintf(" (%s USD/h more than %s)", v.Dearer, v.Than)
	}
	return text
}

// printCheck prints the rows of one check: its obstacles, or that it is passed, unknown, or not reached.
func (v Verdict) printCheck(w io.Writer, c capacity.Check) {
	row := func(result, detail string) {
		if detail != "" {
			detail = "\t" + diag.EscapeText(detail)
		}
		fmt.Fprintf(w, "%s\t%s%s\n", c, result, detail)
	}
	found := false
	for _, o := range v.Obstacles {
		if o.Check == c {
			found = true
			row("refused", o.Message+missing(o))
		}
	}
	switch {
	case found:
	case v.Option.Nodes == 0 && nodesFirst[c]:
		row("open", "it depends on the nodes that the model takes")
	case v.unknown(c):
		row("unknown", whoKnows[c])
	case c == capacity.CheckMemory && v.Option.Memory.UsableGiB > 0:
		row("ok", ofUsable(v.Option.Memory)+" GiB of a GPU")
	case v.Option.Nodes == 0 && !v.passed(c):
		row("open", "")
	default:
		row("ok", "")
	}
}

// passed reports whether a check without an obstacle was made although others refuse the size. A size that no model can
// use gets no other check; memory depends on the layout, and both are one estimate.
func (v Verdict) passed(c capacity.Check) bool {
	estimate := c == capacity.CheckLayout || c == capacity.CheckMemory
	old := v.SKU.ComputeCapability > 0 && v.SKU.ComputeCapability < capacity.MinComputeCapability
	for _, o := range v.Obstacles {
		switch o.Check {
		case capacity.CheckUsable:
			return false
		case capacity.CheckArithmetic:
			if old {
				return false
			}
		case capacity.CheckLayout, capacity.CheckMemory:
			if estimate {
				return false
			}
		}
	}
	return c != capacity.CheckAvailability
}

// missing says how much of something is missing, with when the obstacle ends and Azure's code for it.
func missing(o capacity.Obstacle) string {
	var parts []string
	if o.Need > 0 && o.Missing() > 0 {
		parts = append(parts, fmt.Sprintf("%.4g %s of %s short", o.Missing(), o.Unit, o.Name))
	}
	if o.Code != "" {
		parts = append(parts, o.Code)
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// nodesFirst are the checks that need the number of nodes.
var nodesFirst = map[capacity.Check]bool{
	capacity.CheckPools: true, capacity.CheckQuota: true, capacity.CheckLimit: true, capacity.CheckShare: true,
}

// whoKnows says where the facts for a check come from that an offline command lacks.
var whoKnows = map[capacity.Check]string{
	capacity.CheckQuota:        "Azure knows the quota: syncer plan asks",
	capacity.CheckAvailability: "Azure knows what it offers: syncer plan asks",
	capacity.CheckLimit:        "not exceeded by this alone; what other Workspaces take is not counted here",
}

func (v Verdict) unknown(c capacity.Check) bool {
	for _, u := range v.Unknown {
		if u == c {
			return true
		}
	}
	return false
}
