// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
)

// sizeDocument is the answer of "size -o json" for one Workspace or preset.
type sizeDocument struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Size
	PricesDate string `json:"pricesDate,omitempty"`
}

// sizeList is the answer of "size -o json" for several Workspaces.
type sizeList struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Items      []Size `json:"items"`
	PricesDate string `json:"pricesDate,omitempty"`
}

// Sizes are the answers of one command.
type Sizes struct {
	Items []Size
	All   bool   // with the alternatives of each, also where there are several
	Date  string // of the prices
}

// Refused returns the number of requests without a size.
func (a Sizes) Refused() int {
	n := 0
	for i := range a.Items {
		if a.Items[i].Error != "" {
			n++
		}
	}
	return n
}

// Names returns the Workspaces, or the preset, that were sized.
func (a Sizes) Names() []string {
	var out []string
	for i := range a.Items {
		out = append(out, cmp.Or(a.Items[i].Workspace, a.Items[i].Preset))
	}
	return out
}

// Document returns the answers as JSON has them: a Size, or a SizeList of several.
func (a Sizes) Document() any {
	if len(a.Items) == 1 {
		return sizeDocument{APIVersion, "Size", a.Items[0], a.Date}
	}
	items := slices.Clone(a.Items)
	for i := range items {
		if !a.All {
			items[i].Alternatives, items[i].Shares, items[i].NotTaken = nil, nil, nil
			items[i].Quota = nil
		}
	}
	return sizeList{APIVersion, "SizeList", items, a.Date}
}

// shownAlternatives is the number of alternatives that the table has for each answer; --all and -o json have all.
const shownAlternatives = 3

// Print prints the answers as a table. A single one comes with its arithmetic.
func (a Sizes) Print(w io.Writer) error {
	t := newTable(w, 3, 0)
	fmt.Fprintln(t, "WORKSPACE\tPRESET\tINSTANCE\tNODES\tGPUS\tGIB/GPU\tUSD/H\tUSD/MONTH\t")
	var notes []string
	for i := range a.Items {
		notes = append(notes, a.printRows(t, a.Items[i])...)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(notes) > 0 {
		fmt.Fprintln(w, "\n"+strings.Join(notes, "\n"))
	}
	if len(a.Items) == 1 {
		if err := printReasons(w, a.Items[0]); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\nOn-demand prices of %s.\n", diag.EscapeText(a.Date))
	return err
}

// printRows prints the rows of one answer, and returns its notes, which follow the table.
func (a Sizes) printRows(w io.Writer, s Size) (notes []string) {
	row := func(cells ...any) {
		for _, c := range cells {
			fmt.Fprintf(w, "%s\t", diag.EscapeText(fmt.Sprint(c)))
		}
		fmt.Fprintln(w)
	}
	name := cmp.Or(s.Workspace, "-")
	if s.Error != "" {
		row(name, s.Preset, s.InstanceType, "-", "-", "-", "-", "-")
		note := s.Error
		if s.Hint != "" && !strings.HasSuffix(note, "("+s.Hint+")") { // a Diagnostic's text ends with its hint
			note += " (" + s.Hint + ")"
		}
		return []string{diag.EscapeText(note)}
	}
	row(name, s.Preset, s.InstanceType, s.Nodes, s.GPUs, ofUsable(s.Memory), price(s.HourlyCost), month(s.HourlyCost))
	shown := s.Alternatives
	if !a.All {
		shown = shown[:min(shownAlternatives, len(shown))]
	}
	for _, o := range shown {
		row("", "  or", o.InstanceType, o.Nodes, o.GPUs, "", price(o.HourlyCost), month(o.HourlyCost))
	}
	if len(s.Shares) > 0 {
		o := s.Shares[0]
		row("", "  or shared", o.InstanceType, o.Nodes, o.GPUs, "", price(o.HourlyCost), month(o.HourlyCost))
	}
	for _, note := range s.Notes {
		notes = append(notes, diag.EscapeText(note))
	}
	return notes
}

// printReasons prints the arithmetic of an answer and the sizes that it rejects, where syncer estimates the memory.
func printReasons(w io.Writer, s Size) error {
	if s.Error != "" || s.Memory.UsableGiB == 0 || s.GPU == "" {
		return nil
	}
	if err := printArithmetic(w, s); err != nil {
		return err
	}
	printNotTaken(w, s.NotTaken)
	if q := s.Quota; q != nil {
		fmt.Fprintf(w, "\nQuota: %d vCPU of %s in %s. If the limit is 0, %s\n",
			q.VCPUs, diag.EscapeText(q.Name), diag.EscapeText(q.Region), diag.EscapeText(q.Request))
	}
	return nil
}

// printArithmetic shows the terms of the memory of a GPU.
func printArithmetic(w io.Writer, s Size) error {
	m := s.Memory
	fmt.Fprintf(w, "\nMemory of one GPU (%s), in GiB:\n", s.GPU)
	t := newTable(w, 2, tabwriter.AlignRight)
	line := func(term string, giB float64, how string) {
		if giB != 0 {
			fmt.Fprintf(t, "  %s\t%.2f\t  %s\n", pad(term), giB, how)
		}
	}
	if m.Stated {
		line("needed", m.RequiredGiB, "as KAITO states; the preset lacks the facts for an estimate")
		line("available", m.UsableGiB, "nominal")
		return t.Flush()
	}
	weights := "all of them"
	if s.TensorParallel*s.PipelineParallel > 1 {
		weights = fmt.Sprintf("over %d x %d GPUs (tensor x pipeline)", s.TensorParallel, s.PipelineParallel)
	}
	batch := fmt.Sprintf("batches of %d tokens, %d sequences", m.BatchTokens, m.Sequences)
	if s.Tuning {
		batch = fmt.Sprintf("a batch of %s of %d tokens", Plural(m.Sequences, "sequence"), m.Context)
	}
	line("weights", m.WeightsGiB, weights)
	line("KV cache", m.KVCacheGiB, fmt.Sprintf("one sequence of %d tokens", m.Context))
	line("activations", m.ActivationGiB, batch)
	line("logits", m.LogitsGiB, "with their gradient")
	line("adapters", m.AdaptersGiB, "")
	line("CUDA graphs", m.GraphsGiB, "")
	line("context, NCCL", m.FixedGiB, "outside of PyTorch")
	line("expected", m.ExpectedGiB, "")
	line("margin", m.MarginGiB, "")
	line("needed", m.RequiredGiB, "")
	line("usable", m.UsableGiB, fmt.Sprintf("%.2f of %.2f", m.Utilization, m.GPUGiB))
	return t.Flush()
}

// pad makes terms line up at their left in a table that lines up at the right.
func pad(term string) string { return fmt.Sprintf("%-13s", term) }

// printNotTaken lists the rejected sizes by reason. Sizes that no Workspace ever gets are only counted.
func printNotTaken(w io.Writer, sizes []NotTaken) {
	var reasons []string
	by := map[string][]string{}
	never := 0
	for _, s := range sizes {
		if s.Never {
			never++
			continue
		}
		reason := strings.ReplaceAll(s.Reason, s.InstanceType, "it")
		if by[reason] == nil {
			reasons = append(reasons, reason)
		}
		by[reason] = append(by[reason], strings.TrimPrefix(s.InstanceType, "Standard_"))
	}
	if len(sizes) > 0 {
		fmt.Fprintln(w, "\nNot taken:")
	}
	for _, reason := range reasons {
		fmt.Fprintf(w, "  %s: %s\n", strings.Join(by[reason], ", "), diag.EscapeText(reason))
	}
	if never > 0 {
		fmt.Fprintf(w, "  %d more that no preset can use, or that are not verified; see syncer prices --all\n", never)
	}
}

// ofUsable returns "11.1 of 18.5".
func ofUsable(m capacity.Memory) string {
	if m.UsableGiB == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f of %.1f", m.RequiredGiB, m.UsableGiB)
}
