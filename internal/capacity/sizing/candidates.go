// SPDX-License-Identifier: Apache-2.0

package sizing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity"
)

// Candidate is the result for one size: the Option if the size is eligible, or the reason why it is not.
type Candidate struct {
	SKU      capacity.SKU
	Option   capacity.Option // whole nodes of the size; zero if it is not eligible
	Eligible bool            // Size may select it for the Request
	Reason   string          // why it is not eligible, in plain words; else empty
	// Obstacles are all reasons why it is not eligible, not only the first.
	Obstacles []capacity.Obstacle
}

// Evaluate returns a Candidate for every size that Azure still offers: the eligible ones first, cheapest first, then
// the others in the order of the catalogue.
func Evaluate(r Request) []Candidate {
	var eligible, others []Candidate
	for s := range capacity.SKUs() {
		if s.Retired != "" {
			continue
		}
		o, why := r.evaluate(s)
		if why == nil {
			eligible = append(eligible, Candidate{SKU: s, Option: o, Eligible: true})
		} else {
			_, all := r.Explain(s, false)
			others = append(others, Candidate{SKU: s, Reason: why.String(), Obstacles: all})
		}
	}
	slices.SortFunc(eligible, func(a, b Candidate) int { return r.cheaper(a.Option, b.Option) })
	return append(eligible, others...)
}

// evaluate returns the Option of a size that sizing may select, or its rejection.
func (r *Request) evaluate(s capacity.SKU) (capacity.Option, *rejection) {
	for _, rule := range choiceRules {
		if why := rule.apply(r, s); why != "" {
			return capacity.Option{}, reject(why)
		}
	}
	return r.fit(s, s.GPUs, mostNodes(s))
}

// mostNodes is the most nodes of a size that sizing selects by itself.
func mostNodes(s capacity.SKU) int {
	if !s.InfiniBand {
		return maxNodesOverEthernet
	}
	return maxNodesPerWorkload
}

// fit returns the fewest nodes of a size on which the model runs with the given number of GPUs on each, up to maxNodes.
func (r *Request) fit(s capacity.SKU, gpus, maxNodes int) (capacity.Option, *rejection) {
	for _, rule := range nodeRules {
		if why := rule.apply(r, s); why != "" {
			return capacity.Option{}, reject(why)
		}
	}
	o, why := r.estimate(s, gpus, maxNodes)
	if why != nil {
		return o, why
	}
	o.HourlyCost = r.price(s.Name).Times(o.Nodes)
	if gpus < s.GPUs {
		o.HourlyCost.USD *= float64(gpus) / float64(s.GPUs)
	}
	return o, nil
}

// estimate returns the fewest nodes whose memory suffices, or a rejection.
func (r *Request) estimate(s capacity.SKU, gpus, maxNodes int) (capacity.Option, *rejection) {
	if r.Tuning {
		return r.tune(s, gpus)
	}
	return r.serve(s, gpus, maxNodes)
}

// options returns an Option with whole nodes for each eligible size other than except, cheapest first.
func (r *Request) options(except string) []capacity.Option {
	var out []capacity.Option
	sizes := capacity.Usable()
	if !r.needsBFloat16() {
		sizes = capacity.SKUs()
	}
	for s := range sizes {
		if s.Name == except || s.Unverified != "" && len(r.Limits.AllowedSizes) == 0 { // the latter only saves time
			continue
		}
		if o, why := r.evaluate(s); why == nil {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, r.cheaper)
	return out
}

// shares returns Options that take some of the GPUs of one node, for nodes that several Workspaces share: for each size
// the fewest GPUs that suffice, at their part of the node's price. A part of a node fits only where whole nodes of the
// size fit, so shares tries no size beyond the given options.
func (r *Request) shares(options []capacity.Option) []capacity.Option {
	var out []capacity.Option
	for i := range options {
		s := options[i].SKU
		for gpus := 1; gpus < s.GPUs; gpus *= 2 {
			o, why := r.fit(s, gpus, 1)
			if why == nil && o.DataParallel == 1 {
				out = append(out, o)
				break
			}
		}
	}
	slices.SortFunc(out, r.cheaper)
	return out
}

// cheaper orders Options by list price, then by nodes and name. Spot prices change by the hour. They set what the
// Workspace pays and do not affect the order, so that a choice is stable.
func (r *Request) cheaper(a, b capacity.Option) int {
	return cmp.Or(
		cmp.Compare(r.rank(a), r.rank(b)),
		cmp.Compare(a.Nodes, b.Nodes),
		strings.Compare(a.SKU.Name, b.SKU.Name),
	)
}

func (r *Request) rank(o capacity.Option) float64 {
	usd := r.listPrice(o.SKU.Name).USD * float64(o.Nodes)
	if o.GPUsPerNode > 0 && o.SKU.GPUs > 0 {
		usd *= float64(o.GPUsPerNode) / float64(o.SKU.GPUs)
	}
	return usd
}

// describe returns the GPUs and the price of an Option for a message, with the date of the price: a message stands in
// output that has no other place for it.
func (r *Request) describe(o capacity.Option) string {
	if date := r.Prices.Date(); o.HourlyCost.Known && date != "" {
		return o.Describe() + ", prices of " + date
	}
	return o.Describe()
}

// advice returns a hint that names the cheapest size that fits, or otherwise if there is none.
func (r *Request) advice(otherwise string) string {
	if options := r.options(""); len(options) > 0 {
		o := options[0]
		return fmt.Sprintf("the cheapest size that fits is %s (%s)", o.SKU.Name, r.describe(o))
	}
	return otherwise
}

// refusalHint returns a hint for a Request that no size satisfies: the limit that excludes all sizes, or the setting
// that lowers the need.
func (r *Request) refusalHint() string {
	if near := r.Prices.Near(r.Region); !r.Prices.Knows(r.Region) && near != "" {
		return fmt.Sprintf("no price is known for the region %q; did you mean %q? (configuration: capacity.aks.location)",
			r.Region, near)
	}
	if !r.Prices.Knows(r.Region) {
		return fmt.Sprintf("no price is known for the region %q; check capacity.aks.location", r.Region)
	}
	free := *r
	free.Limits.AllowedSizes = nil
	if options := free.options(""); len(options) > 0 {
		return fmt.Sprintf(
			"%d sizes fit, but none is allowed by capacity.limits.allowedSizes; the cheapest is %s (%s)",
			len(options),
			options[0].SKU.Name,
			r.describe(options[0]),
		)
	}
	if hint := r.loosened(); hint != "" {
		return hint
	}
	if shorter := r.shorter(); shorter > 0 {
		return fmt.Sprintf(
			"with a context of %d tokens it would fit; set max-model-len in the ConfigMap of inference.config",
			shorter,
		)
	}
	if r.Tuning {
		return "a smaller per_device_train_batch_size, shorter sequences or qlora take less memory"
	}
	return "choose a smaller model or a shorter context"
}

// shorter halves the context until some size fits and returns it, in tokens; 0 if none fits above 1024.
func (r *Request) shorter() int {
	if r.Tuning {
		return 0
	}
	free := *r
	for free.Context = r.context() / 2; free.Context >= 1024; free.Context /= 2 {
		if len(free.options("")) > 0 {
			return free.Context
		}
	}
	return 0
}

// price returns the hourly price of one node at the priority of the Workspace.
func (r *Request) price(size string) capacity.Cost {
	return r.Prices.Price(r.Region, size, capacity.PriorityOf(r.Spot))
}

// listPrice returns the on-demand price of one node, which orders sizes for spot as well.
func (r *Request) listPrice(size string) capacity.Cost {
	return r.Prices.Price(r.Region, size, capacity.OnDemand)
}
