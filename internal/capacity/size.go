package capacity

import (
	"fmt"
	"maps"
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
	Zones        []string // availability zones of new pools; empty for none in particular
	NoSpot       bool     // Workspaces may not ask for spot nodes
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
	Prices       Prices // zero for the embedded list
	Adapters     int    // that are served with the model
	// Settings are flags of vLLM that win over those of the preset, without dashes in front.
	Settings map[string]string
	// Training is the training_config of the Workspace's ConfigMap; nil when the default of the method is rendered.
	Training map[string]any
	Selector map[string]string // resource.labelSelector
	// Insist says that too little memory on nodes that the user chose is no reason to refuse.
	Insist bool
	// Current is the size of the pool that the Workspace has. Where the choice is ours it stays as long as it fits: a running
	// model is not moved for a cent.
	Current string
	// Brought describes the nodes that somebody else provides; InstanceType, Region and Limits then have no meaning.
	Brought *SKU

	facts    *facts   // of Preset.Model, once they are needed
	settings settings // of vLLM, once they are needed
}

// modelFacts returns the figures of the model, worked out once.
func (r *Request) modelFacts() *facts {
	if r.facts == nil {
		f := factsOf(r.Preset.Model)
		r.facts = &f
	}
	return r.facts
}

// flags returns the flags of vLLM: those of the preset, and those of the Workspace, which win.
func (r *Request) flags() settings {
	if r.settings == nil {
		r.settings = settingsOf(r.Preset.RunParameters[preset.VLLM], r.Settings)
	}
	return r.settings
}

// annotationPerformance chooses between throughput, interactivity and balance; render passes it on as a flag.
const annotationPerformance = "kaito.sh/performance-mode"

// Configure takes over what the Workspace's ConfigMaps say: flags of vLLM, and the training configuration. What the ConfigMap says of
// a flag wins over what is there.
func (r *Request) Configure(c workspace.Settings) {
	if len(c.VLLM) > 0 {
		flags := maps.Clone(r.Settings)
		if flags == nil {
			flags = map[string]string{}
		}
		maps.Copy(flags, c.VLLM)
		r.Settings = flags
	}
	r.Training = c.Training
}

// RequestFor returns the Request of a Workspace, without the parts that come from the configuration and from ConfigMaps.
func RequestFor(w *workspace.Workspace, p preset.Preset) Request {
	r := Request{
		Workspace: w.Key, Preset: p, InstanceType: w.Resource.InstanceType, Spot: w.Spot(),
		Transformers: w.Annotations[workspace.AnnotationRuntime] == string(preset.Transformers), Selector: w.NodeLabels(),
	}
	_, r.Insist = w.Annotations[workspace.AnnotationBypass]
	if w.Resource.Count != nil {
		r.Count = *w.Resource.Count
	}
	if w.Inference != nil {
		r.Adapters = len(w.Inference.Adapters)
		if mode := w.Annotations[annotationPerformance]; mode != "" {
			r.Settings = map[string]string{"performance-mode": mode}
		}
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
	if err := r.tooLong(); err != nil {
		return d, err
	}
	if r.Spot && r.Limits.NoSpot {
		return d, &RefusedError{"metadata.annotations." + workspace.AnnotationSpot, "spot nodes are not allowed by capacity.limits.spot", "remove the annotation, or allow them"}
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

// tooLong refuses a sequence that the model was not made for: vLLM does not start then, unless its configuration is overridden.
func (r *Request) tooLong() error {
	longest := r.Preset.Model.ContextLength
	_, overridden := r.flags()["hf-overrides"]
	if r.Tuning || r.Transformers || overridden || longest == 0 || r.Context <= longest {
		return nil
	}
	return &RefusedError{
		"inference.config", fmt.Sprintf("a context of %d tokens exceeds what %s supports", r.Context, r.Preset.Name),
		fmt.Sprintf("max-model-len may be up to %d", longest),
	}
}

func (r *Request) presetField() string {
	if r.Tuning {
		return "tuning.preset.name"
	}
	return "inference.preset.name"
}

const sizeField = "resource.instanceType"

// named sizes a Workspace whose user chose the size.
func (r *Request) named(d Demand) (Demand, error) {
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
	o, note, why := r.fitNamed(s)
	if why != nil {
		return d, &RefusedError{sizeField, withSize(s, why()), r.advice(r.refusalHint())}
	}
	d.Options = append([]Option{o}, r.options(s.Name)...)
	if note != "" {
		d.Notes = append(d.Notes, note)
	}
	d.Notes = append(d.Notes, r.remarks(o)...)
	if r.Count > 1 && r.Count != o.Nodes && !r.Tuning {
		d.Notes = append(d.Notes, fmt.Sprintf("resource.count: %d is not used: the model runs on %d x %s", r.Count, o.Nodes, s.Name))
	}
	return d, nil
}

// fitNamed fits the Workspace on nodes that the user chose, and says what is to be known about it, or why it cannot be.
func (r *Request) fitNamed(s SKU) (o Option, note string, why func() string) {
	o, why = r.fit(s, s.GPUs, maxNodesPerWorkload)
	if why == nil {
		return o, "", nil
	}
	if o, ok := r.unestimated(s); ok {
		return o, fmt.Sprintf("too little is known of %s to estimate what it needs; by the size of its weights alone it fits on %s", r.Preset.Name, s.Name), nil
	}
	if o, ok := r.insisted(s); ok {
		return o, insistence(withSize(s, why())), nil
	}
	return Option{}, "", why
}

// withSize makes sure that a reason names the size.
func withSize(s SKU, why string) string {
	if strings.Contains(why, s.Name) {
		return why
	}
	return fmt.Sprintf("%s cannot be used: %s", s.Name, why)
}

// remarks says what is worth knowing about a choice, in plain words.
func (r *Request) remarks(o Option) []string {
	var out []string
	if o.SKU.Unverified != "" {
		out = append(out, fmt.Sprintf("%s is not verified: %s", o.SKU.Name, o.SKU.Unverified))
	}
	if why := slower(r.Preset.Model, o.SKU); why != "" && !r.Tuning {
		out = append(out, why)
	}
	if o.Nodes > 1 && !o.SKU.InfiniBand {
		out = append(out, fmt.Sprintf("%d nodes of %s work together over Ethernet: tokens come slower than on one node", o.Nodes, o.SKU.Name))
	}
	return out
}

// retired puts the cheapest size that fits in the place of one that is no longer to be had.
func (r *Request) retired(d Demand, s SKU) (Demand, error) {
	gone := fmt.Sprintf("Azure retired %s on %s", s.Name, s.Retired)
	if r.RetiredSizes == Refuse {
		return d, &RefusedError{sizeField, gone, r.advice("")}
	}
	d, err := r.choose(d, gone)
	if err != nil {
		return d, err
	}
	o := d.Options[0]
	d.Substituted, d.Shares = s.Name, nil // a size was named, so that the nodes are to be its own
	d.Notes = append(d.Notes, fmt.Sprintf("%s; using %s instead (%s), the cheapest size that fits", gone, o.SKU.Name, o.describe()))
	return d, nil
}

// choose takes the cheapest size that fits, or stays with the current one. because is why there is a choice, for errors.
func (r *Request) choose(d Demand, because string) (Demand, error) {
	d.Options = r.options("")
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
	d.Shares = r.shares(d.Options)
	d.Notes = append(d.Notes, r.remarks(d.Options[0])...)
	return d, nil
}

// context is the longest sequence that must fit, in tokens.
func (r *Request) context() int {
	if r.Context > 0 {
		return r.Context
	}
	if r.Preset.Model.ContextLength > 0 {
		return min(r.Preset.Model.ContextLength, defaultContext)
	}
	return defaultContext
}

// template sizes a pod template of the user's own, of which nothing is known.
func (r *Request) template(d Demand) (Demand, error) {
	if r.InstanceType == "" || r.InstanceType == "auto" {
		return d, &RefusedError{sizeField, "a pod template needs a size: what it runs is not known", "name one, such as Standard_NC24ads_A100_v4"}
	}
	s, known := LookupSKU(r.InstanceType)
	switch {
	case known && s.Retired != "":
		return d, &RefusedError{
			sizeField, fmt.Sprintf("Azure retired %s on %s", s.Name, s.Retired),
			fmt.Sprintf("what the pod template needs is not known, so none is chosen in its place; name another size: %s comes closest", s.Successor),
		}
	case !r.Limits.allows(r.InstanceType):
		return d, &RefusedError{sizeField, r.InstanceType + " is not allowed by capacity.limits.allowedSizes", "allowed: " + strings.Join(r.Limits.AllowedSizes, ", ")}
	case !known:
		s = SKU{Name: r.InstanceType}
	}
	d.Options = []Option{r.wholeNodes(s)}
	return d, nil
}

// wholeNodes is as many nodes as the user asks for, for a pod template.
func (r *Request) wholeNodes(s SKU) Option {
	nodes := max(r.Count, 1)
	return Option{
		SKU: s, Nodes: nodes, GPUsPerNode: s.GPUs, GPUs: nodes * s.GPUs, TensorParallel: max(s.GPUs, 1), PipelineParallel: nodes, DataParallel: 1,
		HourlyCost: r.price(s.Name).Times(nodes),
	}
}

// brought sizes a Workspace for nodes that are there.
func (r *Request) brought(d Demand) (Demand, error) {
	s := *r.Brought
	if s.ComputeCapability == 0 {
		s.ComputeCapability = capabilityOf(s.GPUModel)
	}
	if r.Preset.Name == "" {
		o := r.wholeNodes(s)
		o.HourlyCost = Cost{}
		d.Options = []Option{o}
		return d, nil
	}
	o, note, why := r.fitNamed(s)
	if why != nil {
		return d, &RefusedError{"resource.labelSelector", withSize(s, why()), "bring nodes with more GPU memory"}
	}
	o.HourlyCost = Cost{}
	d.Options, d.Notes = []Option{o}, r.remarks(o)
	if note != "" {
		d.Notes = append([]string{note}, d.Notes...)
	}
	return d, nil
}

// WithNodes returns the Option on another number of nodes, as the user insists.
func (o Option) WithNodes(n int) Option {
	stages := 1 // in each node
	if o.Nodes > 0 {
		o.HourlyCost.USD /= float64(o.Nodes)
		stages = max(o.PipelineParallel/o.Nodes, 1)
	}
	o.HourlyCost = o.HourlyCost.Times(n)
	o.Nodes, o.GPUs, o.PipelineParallel = n, n*o.GPUsPerNode, n*stages
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

func usableNames() []string {
	var out []string
	for _, s := range skus {
		if s.Unusable() == "" && s.Unverified == "" {
			out = append(out, s.Name)
		}
	}
	return out
}
