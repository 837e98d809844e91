package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// sizing is the answer of "size -o json".
type sizing struct {
	Workspace        string          `json:"workspace"`
	Preset           string          `json:"preset"`
	InstanceType     string          `json:"instanceType"`
	GPUsPerNode      int             `json:"gpusPerNode"`
	Nodes            int             `json:"nodes"`
	GPUs             int             `json:"gpus"`
	TensorParallel   int             `json:"tensorParallel"`
	PipelineParallel int             `json:"pipelineParallel"`
	Memory           capacity.Memory `json:"memory"`
	HourlyCost       *float64        `json:"hourlyCost"` // US dollars; null when unknown
	Alternatives     []alternative   `json:"alternatives"`
	Notes            []string        `json:"notes,omitempty"`
	Error            string          `json:"error,omitempty"`
}

type alternative struct {
	InstanceType string   `json:"instanceType"`
	GPUsPerNode  int      `json:"gpusPerNode"`
	Nodes        int      `json:"nodes"`
	GPUs         int      `json:"gpus"`
	HourlyCost   *float64 `json:"hourlyCost"`
}

// question is what "size" is asked about.
type question struct {
	path, preset, instanceType, compat, output string
	context                                    int
	tune                                       string
}

func newSize(std stdio) *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "size [PATH]",
		Short: "Say which GPUs a model needs, and what they cost, offline",
		Long: `Say which nodes the Workspaces in PATH, or a preset, would run on, why, what that costs, and what else would do.

With --compat kaito the answer is that of KAITO's own arithmetic, quirks and all.`,
		Example: `  syncer size example-repo/workspaces/phi-4-mini.yaml
  syncer size --preset phi-4-mini-instruct
  syncer size --preset falcon-7b --tune qlora -o json
  syncer size --preset phi-4-mini-instruct --instance-type Standard_NC24ads_A100_v4 --compat kaito`,
		Args: cobra.MaximumNArgs(1),
	}
	cfg := configFlags(cmd, std)
	cmd.Flags().StringVar(&q.preset, "preset", "", "preset to size, instead of a PATH")
	cmd.Flags().StringVar(&q.tune, "tune", "", "size for tuning the preset: lora or qlora")
	cmd.Flags().StringVar(&q.instanceType, "instance-type", "", "VM size to use")
	cmd.Flags().IntVar(&q.context, "context-length", 0, "longest sequence, in tokens")
	cmd.Flags().StringVar(&q.compat, "compat", "", "kaito: answer with KAITO's own arithmetic")
	cmd.Flags().StringVarP(&q.output, "output", "o", "table", "table or json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			q.path = args[0]
		}
		switch {
		case (q.path == "") == (q.preset == ""):
			return errors.New("give either a PATH or --preset")
		case q.output != "table" && q.output != "json":
			return fmt.Errorf("-o %q is not one of table, json", q.output)
		case q.compat != "" && q.compat != "kaito":
			return fmt.Errorf("--compat %q is not known; use kaito", q.compat)
		case q.context < 0:
			return errors.New("--context-length must not be negative")
		}
		c, _, err := cfg.offline(args)
		if err != nil {
			return err
		}
		answers, err := q.answer(c)
		if err != nil {
			return err
		}
		return printSizings(std.out, answers, q.output)
	}
	return cmd
}

// answer sizes each Workspace of the PATH, or the preset.
func (q question) answer(c config.Config) ([]sizing, error) {
	if q.preset != "" {
		catalog, err := preset.Load(presets.FS)
		if err != nil {
			return nil, err
		}
		p, ok := catalog.Lookup(q.preset)
		if !ok {
			return nil, unknownPreset(catalog, q.preset)
		}
		r := capacity.Request{Preset: p, Tuning: q.tune != "", Method: preset.Method(q.tune), InstanceType: q.instanceType}
		return []sizing{q.size(r, c)}, nil
	}
	inputs, err := readPaths([]string{q.path}, c)
	if err != nil {
		return nil, err
	}
	var out []sizing
	in := inputs[0]
	for i := range in.Set.Workspaces {
		w := &in.Set.Workspaces[i]
		if blocked := in.Set.Blocked(w.Key); len(blocked) > 0 {
			out = append(out, sizing{Workspace: w.Key.String(), Preset: w.PresetName(), Error: blocked[0].String()})
			continue
		}
		out = append(out, q.size(q.request(w, in), c))
	}
	if len(out) == 0 {
		return nil, no("no Workspace in %s", q.path)
	}
	return out, nil
}

func (q question) request(w *workspace.Workspace, in plan.Input) capacity.Request {
	p, _ := in.Catalog.Lookup(w.PresetName())
	r := capacity.RequestFor(w, p)
	r.Context = workspace.MaxModelLen(in.Set, w)
	if q.instanceType != "" {
		r.InstanceType = q.instanceType
	}
	return r
}

// size answers one request.
func (q question) size(r capacity.Request, c config.Config) sizing {
	policy := policyOf(c)
	r.Region, r.RetiredSizes, r.Limits = policy.Region, policy.RetiredSizes, policy.Limits
	if q.context > 0 {
		r.Context = q.context
	}
	s := sizing{Preset: r.Preset.Name, Alternatives: []alternative{}}
	if r.Workspace != (workspace.Key{}) {
		s.Workspace = r.Workspace.String()
	}
	if q.compat == "kaito" {
		return kaito(r, s)
	}
	d, err := capacity.Size(r)
	if err != nil {
		s.Error = err.Error()
		var refused *capacity.RefusedError
		if errors.As(err, &refused) && refused.Hint != "" {
			s.Error += " (" + refused.Hint + ")"
		}
		s.InstanceType = r.InstanceType
		return s
	}
	o := d.Options[0]
	s.InstanceType, s.GPUsPerNode, s.Nodes, s.GPUs = o.SKU.Name, o.SKU.GPUs, o.Nodes, o.GPUs
	s.TensorParallel, s.PipelineParallel, s.Memory, s.HourlyCost, s.Notes = o.TensorParallel, o.PipelineParallel, o.Memory, money(o.HourlyCost), d.Notes
	for _, a := range d.Options[1:] {
		s.Alternatives = append(s.Alternatives, alternative{a.SKU.Name, a.SKU.GPUs, a.Nodes, a.GPUs, money(a.HourlyCost)})
	}
	return s
}

func money(c capacity.Cost) *float64 {
	if !c.Known {
		return nil
	}
	return &c.USD
}

// kaito answers with KAITO's arithmetic. KAITO runs its estimator for inference; a tuning takes one node.
func kaito(r capacity.Request, s sizing) sizing {
	s.InstanceType = r.InstanceType
	a := capacity.KAITOAnswer{Nodes: 1}
	if !r.Tuning {
		var err error
		a, err = capacity.KAITOEstimate(capacity.KAITORequest{
			WeightBytes: r.Preset.Model.WeightBytes, KVBytesPerToken: r.Preset.Model.KVBytesPerToken, Context: r.Context,
			Distributed: r.Preset.Model.Distributed, InstanceType: r.InstanceType, Count: r.Count, NoPreset: r.Preset.Name == "",
		})
		if err != nil {
			s.Error = err.Error()
			return s
		}
	}
	s.Nodes, s.GPUs = a.Nodes, a.GPUs
	if sku, ok := capacity.LookupSKU(r.InstanceType); ok {
		s.GPUsPerNode = sku.GPUs
		s.GPUs = a.Nodes * sku.GPUs
		s.HourlyCost = money(capacity.Price(r.Region, sku.Name, r.Spot).Times(a.Nodes))
	}
	s.TensorParallel, s.PipelineParallel = max(s.GPUsPerNode, 1), a.Nodes
	return s
}

// printSizings prints the answers; one that is a refusal makes the exit code 1.
func printSizings(w io.Writer, answers []sizing, output string) error {
	refused := 0
	for _, s := range answers {
		if s.Error != "" {
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
		err = printSizeTable(w, answers)
	}
	if err != nil {
		return err
	}
	if refused > 0 {
		return no("%d of %s cannot be had", refused, plural(len(answers), "answer"))
	}
	return nil
}

// apiVersion is that of everything that is printed as JSON.
const apiVersion = "syncer.dev/v1"

func printSizeTable(w io.Writer, answers []sizing) error {
	t := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	fmt.Fprintln(t, "WORKSPACE\tPRESET\tINSTANCE\tNODES\tGPUS\tGIB/GPU\tUSD/H\t")
	var notes []string
	for _, s := range answers {
		name := s.Workspace
		if name == "" {
			name = "-"
		}
		if s.Error != "" {
			fmt.Fprintf(t, "%s\t%s\t%s\t-\t-\t-\t-\t\n", name, s.Preset, s.InstanceType)
			notes = append(notes, s.Error)
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t\n", name, s.Preset, s.InstanceType, s.Nodes, s.GPUs, share(s.Memory), price(s.HourlyCost))
		for _, a := range s.Alternatives[:min(3, len(s.Alternatives))] {
			fmt.Fprintf(t, "\t  or\t%s\t%d\t%d\t\t%s\t\n", a.InstanceType, a.Nodes, a.GPUs, price(a.HourlyCost))
		}
		notes = append(notes, s.Notes...)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if len(notes) > 0 {
		fmt.Fprintln(w, "\n"+strings.Join(notes, "\n"))
	}
	fmt.Fprintf(w, "\nOn-demand prices of %s.\n", capacity.Prices{}.Date())
	return nil
}

func share(m capacity.Memory) string {
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

// unknownPreset is the answer to a preset that is not in the catalogue.
func unknownPreset(catalog *preset.Catalog, name string) error {
	if s := catalog.Suggest(name); s != "" {
		return no("preset %q is not known; did you mean %q?", name, s)
	}
	return no("preset %q is not known; see: syncer presets list", name)
}
