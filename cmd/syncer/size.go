package main

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/kaito"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
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
	DataParallel     int             `json:"dataParallel,omitempty"`
	Memory           capacity.Memory `json:"memory"`
	DiskGiB          int             `json:"diskGiB,omitempty"`
	HourlyCost       *float64        `json:"hourlyCost"` // US dollars; null when unknown
	Alternatives     []alternative   `json:"alternatives"`
	Shares           []alternative   `json:"shares,omitempty"` // parts of nodes that Workspaces share
	NotTaken         []notTaken      `json:"notTaken,omitempty"`
	Notes            []string        `json:"notes,omitempty"`
	Error            string          `json:"error,omitempty"`
	Hint             string          `json:"hint,omitempty"`

	gpu    string // "1 x A100 80 GB"
	tuning bool
}

type alternative struct {
	InstanceType string   `json:"instanceType"`
	GPUsPerNode  int      `json:"gpusPerNode"`
	Nodes        int      `json:"nodes"`
	GPUs         int      `json:"gpus"`
	HourlyCost   *float64 `json:"hourlyCost"`
}

// notTaken is a size that will not do, and why.
type notTaken struct {
	InstanceType string `json:"instanceType"`
	Reason       string `json:"reason"`

	never bool // whatever the model, the policy and the region
}

func alternativeOf(o capacity.Option) alternative {
	return alternative{o.SKU.Name, o.GPUsPerNode, o.Nodes, o.GPUs, money(o.HourlyCost)}
}

// question is what "size" is asked about.
type question struct {
	path, preset, instanceType, compat, output, tune string
	context                                          int
	nodes, mig                                       string // of KAITO's arithmetic
	gpus                                             int
}

func newSize(std stdio) *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "size [PATH]",
		Short: "Say which GPUs a model needs, and what they cost, offline",
		Long: `Say which nodes the Workspaces in PATH, or a preset, would run on, why, what that costs, and what else would do.

For one answer the arithmetic is shown: each term of the memory of a GPU, and why other sizes are not taken.

With --compat kaito the answer is that of KAITO's own arithmetic, quirks and all; --nodes, --mig and --gpus then describe nodes
that are brought.`,
		Example: `  syncer size example-repo/workspaces/phi-4-mini.yaml
  syncer size --preset phi-4-mini-instruct
  syncer size --preset falcon-7b --tune qlora -o json
  syncer size --preset llama-3.3-70b-instruct --context-length 131072
  syncer size --preset phi-4-mini-instruct --instance-type Standard_NC24ads_A100_v4 --compat kaito`,
		Args: cobra.MaximumNArgs(1),
	}
	cfg := configFlags(cmd, std)
	cmd.Flags().StringVar(&q.preset, "preset", "", "preset to size, instead of a PATH")
	cmd.Flags().StringVar(&q.tune, "tune", "", "size for tuning the preset: lora or qlora")
	cmd.Flags().StringVar(&q.instanceType, "instance-type", "", "VM size to use")
	cmd.Flags().IntVar(&q.context, "context-length", 0, "longest sequence, in tokens")
	cmd.Flags().StringVar(&q.compat, "compat", "", "kaito: answer with KAITO's own arithmetic")
	cmd.Flags().StringVar(&q.nodes, "nodes", "", "with --compat kaito: file with the Nodes that are brought, as kubectl get nodes -o yaml prints them")
	cmd.Flags().StringVar(&q.mig, "mig", "", "with --compat kaito: profile of a GPU slice that is brought, such as 1g.10gb")
	cmd.Flags().IntVar(&q.gpus, "gpus", 0, "with --compat kaito: GPUs of a brought node that may be used")
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
		case q.compat == "" && (q.nodes != "" || q.mig != "" || q.gpus != 0):
			return errors.New("--nodes, --mig and --gpus are for --compat kaito")
		case q.tune != "" && q.tune != string(preset.LoRA) && q.tune != string(preset.QLoRA):
			return fmt.Errorf("--tune %q is not one of lora, qlora", q.tune)
		case q.context < 0:
			return errors.New("--context-length must not be negative")
		}
		offline, err := cfg.offline(args)
		if err != nil {
			return err
		}
		answers, err := q.answer(std, offline)
		if err != nil {
			return err
		}
		list, err := readPrices(offline.config.Capacity.Prices)
		if err != nil {
			return err
		}
		return printSizings(std.out, answers, q.output, list)
	}
	return cmd
}

// answer sizes each Workspace of the PATH, or the preset.
func (q question) answer(std stdio, offline reader) ([]sizing, error) {
	c := offline.config
	if q.preset != "" {
		catalog, err := catalogWith(std, offline.presetsOf(offline.sourceFolders([]string{"."})[0]))
		if err != nil {
			return nil, err
		}
		p, err := findPreset(catalog, q.preset)
		if err != nil {
			return nil, err
		}
		r := capacity.Request{Preset: p, Tuning: q.tune != "", Method: preset.Method(q.tune), InstanceType: q.instanceType}
		answer, err := q.size(r, c)
		return []sizing{answer}, err
	}
	inputs, err := offline.readPaths([]string{q.path})
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
		answer, err := q.size(q.request(w, in, karpenterOf(c)), c)
		if err != nil {
			return nil, err
		}
		out = append(out, answer)
	}
	if len(out) == 0 {
		return nil, no("no Workspace in %s", q.path)
	}
	return out, nil
}

func (q question) request(w *workspace.Workspace, in plan.Input, k *capacity.Karpenter) capacity.Request {
	p, _ := in.Catalog.Lookup(w.PresetName())
	r := capacity.RequestFor(w, p)
	if k != nil && q.compat == "" {
		r = k.RequestFor(w, p)
	}
	said := workspace.SettingsOf(in.Set, w)
	r.Context = workspace.MaxModelLen(in.Set, w)
	r.Configure(said)
	if q.compat == "kaito" { // which reads the ConfigMap in its own way
		r.Context = kaito.MaxModelLen(said.InferenceText)
	}
	if q.instanceType != "" {
		r.InstanceType = q.instanceType
	}
	return r
}

// size answers one request.
func (q question) size(r capacity.Request, c config.Config) (sizing, error) {
	policy := policyOf(c)
	r.Region, r.RetiredSizes, r.Limits, r.Prices = policy.Region, policy.RetiredSizes, policy.Limits, policy.Prices
	if q.context > 0 {
		r.Context = q.context
	}
	s := sizing{Preset: r.Preset.Name, Alternatives: []alternative{}, DiskGiB: capacity.DiskFor(r.Preset, r.Tuning), tuning: r.Tuning}
	if r.Workspace != (workspace.Key{}) {
		s.Workspace = r.Workspace.String()
	}
	if q.compat == "kaito" {
		return q.kaito(r, s)
	}
	size := capacity.Size
	if policy.Karpenter != nil {
		size = policy.Karpenter.Size
	}
	d, err := size(r)
	if err != nil {
		s.Error, s.InstanceType = err.Error(), r.InstanceType
		var refused *capacity.RefusedError
		if errors.As(err, &refused) {
			s.Hint = refused.Hint
		}
		return s, nil
	}
	o := d.Options[0]
	s.InstanceType, s.GPUsPerNode, s.Nodes, s.GPUs = o.SKU.Name, o.SKU.GPUs, o.Nodes, o.GPUs
	s.TensorParallel, s.PipelineParallel, s.DataParallel = o.TensorParallel, o.PipelineParallel, o.DataParallel
	s.Memory, s.HourlyCost, s.Notes = o.Memory, money(o.HourlyCost), d.Notes
	s.gpu = fmt.Sprintf("%d x %s %d GB", o.SKU.GPUs, strings.TrimPrefix(o.SKU.GPUModel, "NVIDIA "), o.SKU.GPUMemoryGiB)
	for _, a := range d.Options[1:] {
		s.Alternatives = append(s.Alternatives, alternativeOf(a))
	}
	for _, a := range d.Shares {
		s.Shares = append(s.Shares, alternativeOf(a))
	}
	if r.Preset.Name != "" && (policy.Karpenter == nil || policy.Karpenter.Class.Azure()) { // other clouds have catalogues of their own
		for _, v := range capacity.Consider(r) {
			if !v.Taken {
				s.NotTaken = append(s.NotTaken, notTaken{v.SKU.Name, v.Reason, v.SKU.Unusable() != "" || strings.HasPrefix(v.Reason, v.SKU.Unverified) && v.SKU.Unverified != ""})
			}
		}
	}
	return s, nil
}

func money(c capacity.Cost) *float64 {
	if !c.Known {
		return nil
	}
	usd := math.Round(c.USD*1e4) / 1e4 // prices have four decimals at most, sums of them more
	return &usd
}
