package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"syncer.dev/syncer/internal/capacity"
)

// apiVersion is that of everything that is printed as JSON.
const apiVersion = "syncer.dev/v1"

// printSizings prints the answers; one that is a refusal makes the exit code 1.
func printSizings(w io.Writer, answers []sizing, output string, list capacity.Prices) error {
	refused := 0
	for i := range answers {
		if answers[i].Error != "" {
			refused++
		}
	}
	var err error
	switch {
	case output == "json" && len(answers) == 1:
		err = printJSON(w, answers[0])
	case output == "json":
		err = printJSON(w, map[string]any{"apiVersion": apiVersion, "kind": "SizeList", "items": answers})
	default:
		err = printSizeTable(w, answers, list)
	}
	if err != nil {
		return err
	}
	if refused > 0 {
		return no("%d of %s cannot be had", refused, plural(len(answers), "answer"))
	}
	return nil
}

// shownAlternatives is how many alternatives the table has for each answer; -o json has them all.
const shownAlternatives = 3

func printSizeTable(w io.Writer, answers []sizing, list capacity.Prices) error {
	t := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	fmt.Fprintln(t, "WORKSPACE\tPRESET\tINSTANCE\tNODES\tGPUS\tGIB/GPU\tUSD/H\t")
	var notes []string
	for i := range answers {
		s := &answers[i]
		name := s.Workspace
		if name == "" {
			name = "-"
		}
		if s.Error != "" {
			fmt.Fprintf(t, "%s\t%s\t%s\t-\t-\t-\t-\t\n", name, s.Preset, s.InstanceType)
			note := s.Error
			if s.Hint != "" {
				note += " (" + s.Hint + ")"
			}
			notes = append(notes, note)
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t\n", name, s.Preset, s.InstanceType, s.Nodes, s.GPUs, ofUsable(s.Memory), price(s.HourlyCost))
		for _, a := range s.Alternatives[:min(shownAlternatives, len(s.Alternatives))] {
			fmt.Fprintf(t, "\t  or\t%s\t%d\t%d\t\t%s\t\n", a.InstanceType, a.Nodes, a.GPUs, price(a.HourlyCost))
		}
		if len(s.Shares) > 0 {
			a := s.Shares[0]
			fmt.Fprintf(t, "\t  or shared\t%s\t%d\t%d\t\t%s\t\n", a.InstanceType, a.Nodes, a.GPUs, price(a.HourlyCost))
		}
		notes = append(notes, s.Notes...)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(notes) > 0 {
		fmt.Fprintln(w, "\n"+strings.Join(notes, "\n"))
	}
	if len(answers) == 1 && answers[0].Error == "" && answers[0].Memory.UsableGiB > 0 && answers[0].gpu != "" {
		if err := printArithmetic(w, answers[0]); err != nil {
			return err
		}
		printNotTaken(w, answers[0].NotTaken)
	}
	_, err := fmt.Fprintf(w, "\nOn-demand prices of %s.\n", list.Date())
	return err
}

// printArithmetic shows where the memory of a GPU goes.
func printArithmetic(w io.Writer, s sizing) error {
	m := s.Memory
	fmt.Fprintf(w, "\nMemory of one GPU (%s), in GiB:\n", s.gpu)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	line := func(term string, giB float64, how string) {
		if giB != 0 {
			fmt.Fprintf(t, "  %s\t%.2f\t  %s\n", pad(term), giB, how)
		}
	}
	if m.Stated {
		line("needed", m.RequiredGiB, "as KAITO states; too little is known of the model to reckon")
		line("there is", m.UsableGiB, "nominal")
		return t.Flush()
	}
	weights := "all of them"
	if s.TensorParallel*s.PipelineParallel > 1 {
		weights = fmt.Sprintf("over %d x %d GPUs (tensor x pipeline)", s.TensorParallel, s.PipelineParallel)
	}
	batch := fmt.Sprintf("batches of %d tokens, %d sequences", m.BatchTokens, m.Sequences)
	if s.tuning {
		batch = fmt.Sprintf("a batch of %s of %d tokens", plural(m.Sequences, "sequence"), m.Context)
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

// printNotTaken says why sizes are not taken, those with the same reason together. Sizes that nothing is ever put on are only counted.
func printNotTaken(w io.Writer, sizes []notTaken) {
	var reasons []string
	by := map[string][]string{}
	never := 0
	for _, s := range sizes {
		if s.never {
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
		fmt.Fprintf(w, "  %s: %s\n", strings.Join(by[reason], ", "), reason)
	}
	if never > 0 {
		fmt.Fprintf(w, "  %d more on which no preset can run, or that are not verified: see syncer prices --all\n", never)
	}
}

// ofUsable returns "11.1 of 18.5".
func ofUsable(m capacity.Memory) string {
	if m.UsableGiB == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f of %.1f", m.RequiredGiB, m.UsableGiB)
}

func price(usd *float64) string {
	if usd == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.2f", *usd)
}
