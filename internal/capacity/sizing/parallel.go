// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/sizing/memory"
	"syncer.dev/syncer/internal/diag"
)

// The flags that spread a model over GPUs. Those of inference.config come after the flags that syncer renders, and win.
const (
	flagTensor   = "tensor-parallel-size"
	flagPipeline = "pipeline-parallel-size"
	flagData     = "data-parallel-size"
)

// spread holds the parallel sizes that settings fix; 0 leaves one open.
type spread struct{ tensor, pipeline, data int }

// spread returns the parallel sizes that the settings of the Workspace or its preset fix.
func (r *Request) spread() spread {
	if r.Tuning || r.Transformers {
		return spread{}
	}
	f := r.flags()
	size := func(flag string) int { n, _ := f.Positive(flag); return n }
	return spread{tensor: size(flagTensor), pipeline: size(flagPipeline), data: size(flagData)}
}

// String names the fixed sizes, such as "tensor-parallel-size 2".
func (w spread) String() string {
	var out []string
	for _, f := range []struct {
		name string
		n    int
	}{{flagTensor, w.tensor}, {flagPipeline, w.pipeline}, {flagData, w.data}} {
		if f.n > 0 {
			out = append(out, fmt.Sprintf("%s %d", f.name, f.n))
		}
	}
	return strings.Join(out, " and ")
}

// least returns the fewest GPUs that the fixed sizes need.
func (w spread) least() int { return max(w.tensor, 1) * max(w.pipeline, 1) * max(w.data, 1) }

// ways returns the layouts of the model over the given number of GPUs on each of the given nodes, the preferred one
// first: those of the model, or those that have the sizes which settings fix.
func (r *Request) ways(s capacity.SKU, gpus, nodes int) []memory.Layout {
	want := r.spread()
	if want == (spread{}) {
		return layouts(r.Preset.Model, s, gpus, nodes)
	}
	m, total := r.Preset.Model, nodes*gpus
	var out []memory.Layout
	for t := gpus; t >= 1; t-- {
		if want.tensor > 0 && t != want.tensor || !splits(m, t) || want.tensor == 0 && gpus%t != 0 {
			continue
		}
		for d := max(gpus/t, 1); d >= 1; d-- {
			if want.data > 0 && d != want.data || nodes > 1 && d > 1 {
				continue
			}
			p := cmp.Or(want.pipeline, max(total/(t*d), 1))
			if p > 1 && (!m.Distributed || m.Layers > 0 && p > m.Layers) || p*t*d > total || nodes > 1 && p*t*d != total {
				continue
			}
			out = append(out, memory.Layout{Nodes: nodes, Tensor: t, Pipeline: p, Data: d})
		}
	}
	// A GPU that no part of the model uses is paid for all the same.
	slices.SortStableFunc(out, func(a, b memory.Layout) int {
		return cmp.Compare(b.Tensor*b.Pipeline*b.Data, a.Tensor*a.Pipeline*a.Data)
	})
	return out
}

// unspread returns the rejection of a size for which no layout has the fixed sizes.
func (r *Request) unspread(s capacity.SKU, gpus, nodes int) *rejection {
	return &rejection{
		cause:  causeSettings,
		preset: r.Preset.Name,
		size:   s.Name,
		gpus:   gpus,
		nodes:  nodes,
		fixed:  r.spread(),
		fault:  r.unsuited(),
	}
}

// unsuited returns why the model itself has no layout with the fixed sizes, on no GPUs at all, or "".
func (r *Request) unsuited() string {
	m, want := r.Preset.Model, r.spread()
	switch u := unevenOver(m, max(want.tensor, 1)); {
	case u.whole:
		return fmt.Sprintf("%s %d does not go with %s, which tensor parallelism cannot split",
			flagTensor, want.tensor, r.Preset.Name)
	case u != (uneven{}):
		return fmt.Sprintf("%s %d does not divide %s of %s", flagTensor, want.tensor, u, r.Preset.Name)
	case want.pipeline > 1 && !m.Distributed:
		return fmt.Sprintf("%s %d does not go with %s, which pipeline parallelism cannot split",
			flagPipeline, want.pipeline, r.Preset.Name)
	case m.Layers > 0 && want.pipeline > m.Layers:
		return fmt.Sprintf("%s %d exceeds the %d layers of %s", flagPipeline, want.pipeline, m.Layers, r.Preset.Name)
	}
	return ""
}

// unspreadable returns why no size that sizing may select has a layout with the fixed sizes, or "" when other reasons
// exclude the sizes.
func (r *Request) unspreadable() string {
	want := r.spread()
	if want == (spread{}) {
		return ""
	}
	if why := r.unsuited(); why != "" {
		return why
	}
	most := 0
	for s := range capacity.SKUs() {
		if !slices.ContainsFunc(choiceRules, func(c rule) bool { return c.apply(r, s) != "" }) {
			most = max(most, s.GPUs)
		}
	}
	if n := max(want.tensor, 1) * max(want.data, 1); most > 0 && n > most {
		return fmt.Sprintf("%s needs %d GPUs on one node; the sizes that syncer may select have up to %d", want, n, most)
	}
	return ""
}

// settings returns why no layout has the fixed sizes, in plain words.
func (r *rejection) settings() string {
	if r.fault != "" {
		return r.fault
	}
	where := "GPUs"
	if r.fixed.tensor > 0 && r.fixed.least() == r.fixed.tensor {
		where = "GPUs on one node"
	}
	if need := r.fixed.least(); need > r.gpus && (need > r.gpus*r.nodes || r.fixed.tensor > r.gpus || r.fixed.data > 1) {
		return fmt.Sprintf("%s needs %d %s; %s has %d", r.fixed, need, where, r.size, r.gpus)
	}
	return fmt.Sprintf("%s does not go with the %d GPUs of %s", r.fixed, r.gpus, r.size)
}

// blame returns the reason and the field of a rejection: the settings that no node can meet, or the nodes.
func (r *rejection) blame(field string) (diag.Reason, string) {
	if r.cause == causeSettings {
		return diag.ConflictingFields, "inference.config"
	}
	return diag.SizeDoesNotFit, field
}

// loosenedFor returns what to do about the settings that no layout on a named size meets: leave them out, or take a
// size that has the GPUs.
func (r *Request) loosenedFor(why *rejection) string {
	if why.cause != causeSettings {
		return ""
	}
	hint := fmt.Sprintf("remove %s: syncer spreads the model over the GPUs", why.fixed)
	if options := r.options(""); len(options) > 0 {
		o := options[0]
		hint += fmt.Sprintf("; or use a size that has them, such as %s (%s)", o.SKU.Name, r.describe(o))
	}
	return hint
}

// loosened returns a hint when the Workspace would fit without the parallel sizes that its settings fix, or "".
func (r *Request) loosened() string {
	want := r.spread()
	if want == (spread{}) {
		return ""
	}
	free := *r
	free.settings = maps.Clone(r.flags())
	for _, flag := range []string{flagTensor, flagPipeline, flagData} {
		delete(free.settings, flag)
	}
	if len(free.options("")) == 0 {
		return ""
	}
	return fmt.Sprintf("remove %s from the ConfigMap of inference.config: syncer spreads the model over the GPUs", want)
}
