package capacity

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Verdict is what becomes of one size for a Request: the Option, or why there is none.
type Verdict struct {
	SKU    SKU
	Option Option // as the whole nodes that it takes; zero when the size is not taken
	Taken  bool
	Reason string // why not, in plain words
}

// Consider returns a verdict on every size that Azure still offers, those that can be had first and cheapest first, then the others
// in the order of the catalogue.
func Consider(r Request) []Verdict {
	var taken, others []Verdict
	for _, s := range skus {
		if s.Retired != "" {
			continue
		}
		o, why := r.consider(s)
		if why == nil {
			taken = append(taken, Verdict{SKU: s, Option: o, Taken: true})
		} else {
			others = append(others, Verdict{SKU: s, Reason: why()})
		}
	}
	slices.SortFunc(taken, func(a, b Verdict) int { return r.cheaper(a.Option, b.Option) })
	return append(taken, others...)
}

// consider works out whether a size may be chosen for the Workspace. The reason is put in words only for those who ask.
func (r *Request) consider(s SKU) (Option, func() string) {
	if why := s.Unusable(); why != "" {
		return Option{}, say(why)
	}
	switch {
	case !r.Limits.allows(s.Name):
		return Option{}, say("capacity.limits.allowedSizes does not allow it")
	case s.Unverified != "" && !r.Limits.names(s.Name):
		return Option{}, say(s.Unverified + "; it is taken when the Workspace or capacity.limits.allowedSizes names it")
	case !r.listPrice(s.Name).Known:
		return Option{}, func() string { return "no price in " + r.Region + ", so that Azure does not offer it there" }
	}
	if !s.InfiniBand {
		return r.fit(s, s.GPUs, maxNodesOverEthernet)
	}
	return r.fit(s, s.GPUs, maxNodesPerWorkload)
}

func say(text string) func() string { return func() string { return text } }

// fit works out how many nodes of a size it takes, with so many GPUs of each.
func (r *Request) fit(s SKU, gpus, maxNodes int) (Option, func() string) {
	if why := r.barred(s); why != "" {
		return Option{}, say(why)
	}
	if why := r.tooLittleDisk(s); why != "" {
		return Option{}, say(why)
	}
	var o Option
	var why func() string
	if r.Tuning {
		o, why = r.tune(s, gpus)
	} else {
		o, why = r.serve(s, gpus, maxNodes)
	}
	if why != nil {
		return o, why
	}
	o.HourlyCost = r.price(s.Name).Times(o.Nodes)
	if gpus < s.GPUs {
		o.HourlyCost.USD *= float64(gpus) / float64(s.GPUs)
	}
	return o, nil
}

// options lists every way to satisfy the request with whole nodes, cheapest first, without the size except.
func (r *Request) options(except string) []Option {
	var out []Option
	for _, i := range usable {
		s := &skus[i]
		if s.Name == except || s.Unverified != "" && len(r.Limits.AllowedSizes) == 0 { // the latter only saves time
			continue
		}
		if o, why := r.consider(*s); why == nil {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, r.cheaper)
	return out
}

// shares lists the ways to satisfy the request with some of the GPUs of one node, the fewest of each size, for nodes that Workspaces
// share. Each costs its part of the node. What all of its nodes cannot do, a part of one cannot either, so that only the sizes of the
// options come into question.
func (r *Request) shares(options []Option) []Option {
	var out []Option
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

// cheaper orders Options by what they cost at list price, then by nodes and name. Spot prices, where they are known, count only for
// what the Workspace pays: they move by the hour, and a choice should not.
func (r *Request) cheaper(a, b Option) int {
	return cmp.Or(cmp.Compare(r.rank(a), r.rank(b)), cmp.Compare(a.Nodes, b.Nodes), strings.Compare(a.SKU.Name, b.SKU.Name))
}

func (r *Request) rank(o Option) float64 {
	usd := r.listPrice(o.SKU.Name).USD * float64(o.Nodes)
	if o.GPUsPerNode > 0 && o.SKU.GPUs > 0 {
		usd *= float64(o.GPUsPerNode) / float64(o.SKU.GPUs)
	}
	return usd
}

// allows reports whether the policy lets a size be used.
func (l Limits) allows(size string) bool {
	if len(l.AllowedSizes) == 0 {
		return true
	}
	return slices.ContainsFunc(l.AllowedSizes, func(pattern string) bool {
		ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(size))
		return ok && err == nil
	})
}

// names reports whether the policy names a size in full, not by a pattern.
func (l Limits) names(size string) bool {
	return slices.ContainsFunc(l.AllowedSizes, func(pattern string) bool { return strings.EqualFold(pattern, size) })
}

// advice names the cheapest size that would do.
func (r *Request) advice(otherwise string) string {
	if options := r.options(""); len(options) > 0 {
		o := options[0]
		return fmt.Sprintf("the cheapest size that fits is %s (%s)", o.SKU.Name, o.describe())
	}
	return otherwise
}

// refusalHint says why nothing is left to choose from, and what would help.
func (r *Request) refusalHint() string {
	if !r.Prices.Knows(r.Region) {
		return fmt.Sprintf("no price is known for the region %q; check capacity.aks.location", r.Region)
	}
	free := *r
	free.Limits.AllowedSizes = nil
	if options := free.options(""); len(options) > 0 {
		return fmt.Sprintf("%d sizes fit, but none is allowed by capacity.limits.allowedSizes; the cheapest is %s (%s)", len(options), options[0].SKU.Name, options[0].describe())
	}
	if shorter := r.shorter(); shorter > 0 {
		return fmt.Sprintf("with a context of %d tokens it would fit; set max-model-len in the ConfigMap of inference.config", shorter)
	}
	if r.Tuning {
		return "a smaller per_device_train_batch_size, shorter sequences or qlora take less memory"
	}
	return "choose a smaller model or a shorter context"
}

// shorter returns the longest context of those that halve the one asked for with which some size fits; 0 when there is none.
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
