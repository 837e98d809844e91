package capacity

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// What becomes of a size that Azure has retired.
const (
	Substitute = "substitute" // the cheapest that fits takes its place
	Refuse     = "refuse"
)

// Limits are what the configuration allows to be spent. Zero values set no limit.
type Limits struct {
	HourlyCost   float64  // US dollars for all pools
	Nodes        int      // over all pools
	AllowedSizes []string // path.Match patterns
}

// Request is the question that Size answers.
type Request struct {
	Workspace workspace.Key
	Preset    preset.Preset // zero for a pod template of the user's own
	Tuning    bool
	Method    preset.Method
	// Transformers says that the model is served by the transformers runtime, which knows no more than one node.
	Transformers bool
	InstanceType string // "", "auto", or the name of a size
	Count        int    // nodes the user asks for; 0 when not given
	Context      int    // tokens of the longest sequence; 0 for the default
	Region       string
	Spot         bool
	RetiredSizes string
	Limits       Limits
	// Current is the size of the pool that the Workspace has. Where the choice is ours it stays as long as it fits: a running
	// model is not moved for a cent.
	Current string
	// Avoid returns why a size cannot be had right now, or ""; nil knows of none. Where the choice is ours, others are taken.
	Avoid func(s SKU, spot bool) string
	// Brought describes the nodes that somebody else provides; InstanceType, Region and Limits then have no meaning.
	Brought *SKU
}

// RequestFor returns the Request of a Workspace, without the parts that come from the configuration.
func RequestFor(w *workspace.Workspace, p preset.Preset) Request {
	r := Request{
		Workspace: w.Key, Preset: p, InstanceType: w.Resource.InstanceType, Spot: w.Spot(),
		Transformers: w.Annotations[workspace.AnnotationRuntime] == string(preset.Transformers),
	}
	if w.Resource.Count != nil {
		r.Count = *w.Resource.Count
	}
	if w.Tuning != nil {
		r.Tuning, r.Method = true, preset.Method(strings.ToLower(w.Tuning.Method))
	}
	return r
}

// RefusedError says that a Workspace cannot have what it asks for.
type RefusedError struct {
	Field   string
	Message string
	Hint    string
}

// Error returns what is wrong.
func (e *RefusedError) Error() string { return e.Message }

// Where returns the field that is wrong, and what to do about it.
func (e *RefusedError) Where() (field, hint string) { return e.Field, e.Hint }

// Size works out what a Workspace needs and how it can be had. The error is a *RefusedError.
func Size(r Request) (Demand, error) {
	d := Demand{Workspace: r.Workspace, Preset: r.Preset.Name}
	if r.Preset.Deprecated != "" {
		return d, &RefusedError{Field: r.presetField(), Message: fmt.Sprintf("preset %s: %s", r.Preset.Name, r.Preset.Deprecated)}
	}
	if r.Tuning && r.Preset.Tuning == nil {
		return d, &RefusedError{Field: r.presetField(), Message: fmt.Sprintf("preset %s cannot be tuned", r.Preset.Name), Hint: "syncer presets list shows which can"}
	}
	switch {
	case r.Brought != nil:
		return r.brought(d)
	case r.Preset.Name == "":
		return r.template(d)
	case r.InstanceType == "" || r.InstanceType == "auto":
		return r.choose(d, "")
	}
	return r.named(d)
}

func (r Request) presetField() string {
	if r.Tuning {
		return "tuning.preset.name"
	}
	return "inference.preset.name"
}

const sizeField = "resource.instanceType"

// named sizes a Workspace whose user chose the size.
func (r Request) named(d Demand) (Demand, error) {
	s, known := LookupSKU(r.InstanceType)
	if known && s.Retired != "" {
		return r.retired(d, s)
	}
	if !known {
		return d, &RefusedError{sizeField, fmt.Sprintf("size %s is not known", r.InstanceType), r.advice("leave out resource.instanceType, or use one of: " + strings.Join(usableNames(), ", "))}
	}
	if why := s.Unusable(); why != "" {
		return d, &RefusedError{sizeField, fmt.Sprintf("%s cannot be used: %s", s.Name, why), r.advice("")}
	}
	if !r.Limits.allows(s.Name) {
		return d, &RefusedError{sizeField, s.Name + " is not allowed by capacity.limits.allowedSizes", r.advice("allowed: " + strings.Join(r.Limits.AllowedSizes, ", "))}
	}
	o, ok := r.fit(s)
	if !ok {
		return d, &RefusedError{sizeField, r.tooSmall(s), r.advice("")}
	}
	d.Options = append([]Option{o}, r.alternatives(s.Name)...)
	if r.Count > 1 && r.Count != o.Nodes && !r.Tuning {
		d.Notes = append(d.Notes, fmt.Sprintf("resource.count: %d is not used: the model runs on %d x %s", r.Count, o.Nodes, s.Name))
	}
	return d, nil
}

// retired puts the cheapest size that fits in the place of one that is no longer to be had.
func (r Request) retired(d Demand, s SKU) (Demand, error) {
	gone := fmt.Sprintf("Azure retired %s on %s", s.Name, s.Retired)
	if r.RetiredSizes == Refuse {
		return d, &RefusedError{sizeField, gone, r.advice("")}
	}
	d, err := r.choose(d, gone)
	if err != nil {
		return d, err
	}
	o := d.Options[0]
	d.Substituted = s.Name
	d.Notes = append(d.Notes, fmt.Sprintf("%s; using %s instead (%s), the cheapest size that fits", gone, o.SKU.Name, o.describe()))
	return d, nil
}

// choose takes the cheapest size that fits, or stays with the current one. because is why there is a choice, for errors.
func (r Request) choose(d Demand, because string) (Demand, error) {
	d.Options = r.alternatives("")
	if len(d.Options) == 0 && r.Avoid != nil {
		all := r
		all.Avoid = nil
		if d.Options = all.alternatives(""); len(d.Options) > 0 {
			d.Notes = append(d.Notes, "no size that fits can be had right now: "+r.Avoid(d.Options[0].SKU, r.Spot))
		}
	}
	if len(d.Options) == 0 {
		message := fmt.Sprintf("no size that Azure offers in %s fits %s", r.Region, r.Preset.Name)
		if because != "" {
			message = because + ", and " + message
		}
		return d, &RefusedError{sizeField, message, r.refusalHint()}
	}
	if i := slices.IndexFunc(d.Options, func(o Option) bool { return o.SKU.Name == r.Current }); i > 0 {
		current := d.Options[i]
		d.Options = slices.Insert(slices.Delete(d.Options, i, i+1), 0, current)
	}
	return d, nil
}

// alternatives lists every way to satisfy the request in the region, cheapest first, without the size except.
func (r Request) alternatives(except string) []Option {
	var out []Option
	for _, s := range skus {
		if s.Name == except || s.Unusable() != "" || !r.Limits.allows(s.Name) || !listPrice(r.Region, s.Name).Known {
			continue
		}
		if r.Avoid != nil && s.Name != r.Current && r.Avoid(s, r.Spot) != "" {
			continue
		}
		if o, ok := r.fit(s); ok {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b Option) int {
		return cmp.Or(
			cmp.Compare(listPrice(r.Region, a.SKU.Name).Times(a.Nodes).USD, listPrice(r.Region, b.SKU.Name).Times(b.Nodes).USD),
			cmp.Compare(a.Nodes, b.Nodes), strings.Compare(a.SKU.Name, b.SKU.Name))
	})
	return out
}

// fit works out how many nodes of the size it takes.
func (r Request) fit(s SKU) (Option, bool) {
	var o Option
	var ok bool
	if r.Tuning {
		o, ok = forTuning(*r.Preset.Tuning, r.Method, s)
	} else {
		o, ok = forInference(r.Preset.Model, s, r.context())
		ok = ok && !(r.Transformers && o.Nodes > 1)
	}
	o.HourlyCost = Price(r.Region, s.Name, r.Spot).Times(o.Nodes)
	return o, ok
}

func (r Request) context() int {
	if r.Context > 0 {
		return r.Context
	}
	if r.Preset.Model.ContextLength > 0 {
		return min(r.Preset.Model.ContextLength, defaultContext)
	}
	return defaultContext
}

// template sizes a pod template of the user's own, of which nothing is known.
func (r Request) template(d Demand) (Demand, error) {
	if r.InstanceType == "" || r.InstanceType == "auto" {
		return d, &RefusedError{sizeField, "a pod template needs a size: what it runs is not known", "name one, such as Standard_NC24ads_A100_v4"}
	}
	s, known := LookupSKU(r.InstanceType)
	switch {
	case known && s.Retired != "":
		return d, &RefusedError{sizeField, fmt.Sprintf("Azure retired %s on %s", s.Name, s.Retired), "what the pod template needs is not known, so none is chosen in its place; name another size"}
	case !r.Limits.allows(r.InstanceType):
		return d, &RefusedError{sizeField, r.InstanceType + " is not allowed by capacity.limits.allowedSizes", "allowed: " + strings.Join(r.Limits.AllowedSizes, ", ")}
	case !known:
		s = SKU{Name: r.InstanceType}
	}
	nodes := max(r.Count, 1)
	d.Options = []Option{{
		SKU: s, Nodes: nodes, GPUsPerNode: s.GPUs, GPUs: nodes * s.GPUs, TensorParallel: max(s.GPUs, 1), PipelineParallel: nodes, DataParallel: 1,
		HourlyCost: Price(r.Region, s.Name, r.Spot).Times(nodes),
	}}
	return d, nil
}

// brought sizes a Workspace for nodes that are there.
func (r Request) brought(d Demand) (Demand, error) {
	if r.Preset.Name == "" {
		nodes := max(r.Count, 1)
		d.Options = []Option{{SKU: *r.Brought, Nodes: nodes, GPUsPerNode: r.Brought.GPUs, GPUs: nodes * r.Brought.GPUs, TensorParallel: max(r.Brought.GPUs, 1), PipelineParallel: nodes, DataParallel: 1}}
		return d, nil
	}
	o, ok := r.fit(*r.Brought)
	if !ok {
		return d, &RefusedError{"resource.labelSelector", r.tooSmall(*r.Brought), "bring nodes with more GPU memory"}
	}
	d.Options = []Option{o}
	return d, nil
}

// tooSmall says what a size lacks.
func (r Request) tooSmall(s SKU) string {
	if r.Tuning {
		o, _ := forTuning(*r.Preset.Tuning, r.Method, s)
		return fmt.Sprintf("tuning %s needs a GPU with %.0f GiB; %s has %d x %d GiB", r.Preset.Name, o.Memory.RequiredGiB, s.Name, s.GPUs, s.GPUMemoryGiB)
	}
	l, ok := spread(r.Preset.Model, s, 1)
	if !ok {
		return fmt.Sprintf("%s cannot be split over the %d GPUs of %s", r.Preset.Name, s.GPUs, s.Name)
	}
	m := memory(r.Preset.Model, s, l, r.context())
	return fmt.Sprintf("%s does not fit on %s: with a context of %d tokens it needs %.1f GiB on a GPU, of which %.1f can be used",
		r.Preset.Name, s.Name, r.context(), m.RequiredGiB, m.UsableGiB)
}

// advice names the cheapest size that would do.
func (r Request) advice(otherwise string) string {
	if options := r.alternatives(""); len(options) > 0 {
		o := options[0]
		return fmt.Sprintf("the cheapest size that fits is %s (%s)", o.SKU.Name, o.describe())
	}
	return otherwise
}

// refusalHint says why nothing is left to choose from.
func (r Request) refusalHint() string {
	if !KnownRegion(r.Region) {
		return fmt.Sprintf("no price is known for the region %q; check capacity.aks.location", r.Region)
	}
	free := r
	free.Limits.AllowedSizes = nil
	if options := free.alternatives(""); len(options) > 0 {
		return fmt.Sprintf("%d sizes fit, but none is allowed by capacity.limits.allowedSizes; the cheapest is %s", len(options), options[0].SKU.Name)
	}
	return "choose a smaller model or a shorter context"
}

// WithNodes returns the Option on another number of nodes, as the user insists.
func (o Option) WithNodes(n int) Option {
	if o.Nodes > 0 {
		o.HourlyCost.USD /= float64(o.Nodes)
	}
	o.HourlyCost = o.HourlyCost.Times(n)
	o.Nodes, o.GPUs, o.PipelineParallel = n, n*o.GPUsPerNode, n
	return o
}

// describe returns "1 x A100 80 GB, 3.67 USD/h".
func (o Option) describe() string {
	text := fmt.Sprintf("%d x %s %d GB", o.SKU.GPUs, strings.TrimPrefix(o.SKU.GPUModel, "NVIDIA "), o.SKU.GPUMemoryGiB)
	if o.Nodes > 1 {
		text = fmt.Sprintf("%d nodes of %s", o.Nodes, text)
	}
	if o.HourlyCost.Known {
		text += ", " + o.HourlyCost.String() + " USD/h"
	}
	return text
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

func usableNames() []string {
	var out []string
	for _, s := range skus {
		if s.Unusable() == "" {
			out = append(out, s.Name)
		}
	}
	return out
}
