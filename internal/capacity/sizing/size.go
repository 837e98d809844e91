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
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/admission"
	"syncer.dev/syncer/internal/workspace/podtemplate"
)

// Values of Request.RetiredSizes: how Size handles a size that Azure has retired.
const (
	Substitute = "substitute" // use the cheapest size that fits instead
	Refuse     = "refuse"     // return an error
)

// Request holds the input of Size: a Workspace, its model, and the limits of the cluster.
type Request struct {
	Workspace workspace.Key
	Preset    preset.Preset // zero for a pod template
	Tuning    bool
	Method    preset.Method
	// Transformers selects the transformers runtime, which runs on one node only.
	Transformers bool
	InstanceType string // "", "auto", or the name of a size
	Count        int    // nodes the user asks for; 0 when not given
	Context      int    // tokens of the longest sequence; 0 for the default
	Region       string
	Spot         bool
	RetiredSizes string
	Limits       capacity.Limits
	Prices       capacity.Prices // zero for the embedded list
	Adapters     int             // LoRA adapters served with the model
	// Settings are flags of vLLM without leading dashes. They override those of the preset.
	Settings map[string]string
	// CPUCache is the Workspace's own value of workspace.CPUCacheKey; "" without one.
	CPUCache string
	// Training is the training_config of the Workspace's ConfigMap; nil when the default of the method is rendered.
	Training map[string]any
	Selector map[string]string // resource.labelSelector
	// Asks are the resources that a pod of a pod template asks for.
	Asks map[string]podtemplate.Ask
	// BypassMemoryCheck accepts nodes that the user chose although the estimate says that their memory is too small.
	BypassMemoryCheck bool
	// Current is the size of the pool that the Workspace runs on. If syncer selects the size, Current wins as long as it
	// fits: a running model does not move to save a cent.
	Current string

	facts    *memory.Facts   // cache of modelFacts
	settings memory.Settings // cache of flags
}

// modelFacts returns the figures of the model. It computes them once.
func (r *Request) modelFacts() *memory.Facts {
	if r.facts == nil {
		f := memory.ServedFacts(r.Preset)
		r.facts = &f
	}
	return r.facts
}

// flags returns the flags of vLLM: those of the preset, overridden by those of the Workspace.
func (r *Request) flags() memory.Settings {
	if r.settings == nil {
		r.settings = memory.Flags(r.Preset, r.Settings)
	}
	return r.settings
}

// Configure applies the Workspace's ConfigMaps: flags of vLLM, which override those already set, and the training
// configuration.
func (r *Request) Configure(c workspace.Settings) {
	if len(c.VLLM) > 0 {
		flags := maps.Clone(r.Settings)
		if flags == nil {
			flags = map[string]string{}
		}
		maps.Copy(flags, c.VLLM)
		r.Settings = flags
	}
	r.Training, r.CPUCache = c.Training, c.CPUCache
}

// RequestFor returns the Request of a Workspace. The caller sets Region, Limits, Prices and RetiredSizes from the
// configuration, and calls Configure with the ConfigMaps.
func RequestFor(w *workspace.Workspace, p preset.Preset) Request {
	r := Request{
		Workspace:    w.Key,
		Preset:       p,
		InstanceType: w.Resource.InstanceType,
		Spot:         w.Spot(),
		Transformers: w.Annotations[workspace.AnnotationRuntime] == string(preset.Transformers),
		Selector:     w.NodeLabels(),
	}
	_, r.BypassMemoryCheck = w.Annotations[admission.AnnotationBypass]
	if w.Resource.Count != nil {
		r.Count = *w.Resource.Count
	}
	if w.Inference != nil {
		r.Asks = podtemplate.Requests(w.Inference.Template)
		r.Adapters = len(w.Inference.Adapters)
		if mode := w.Annotations[wellknown.AnnotationPerformance]; mode != "" {
			r.Settings = map[string]string{"performance-mode": mode}
		}
	}
	if w.Tuning != nil {
		r.Tuning, r.Method = true, preset.Method(strings.ToLower(w.Tuning.Method))
	}
	return r
}

// Refused returns a RefusedError about a field of the Workspace, such as SizeField. An empty hint prints none.
func Refused(reason diag.Reason, field, message, hint string) *capacity.RefusedError {
	return &capacity.RefusedError{Diagnostic: diag.Errorf(reason, "%s", message).On(field).Suggest(hint)}
}

// Size returns the Demand of a Workspace: the sizes on which it runs and the nodes and GPUs on each, cheapest first.
// The error is a *capacity.RefusedError with the field, the reason and a hint.
func Size(r Request) (capacity.Demand, error) {
	d, err := r.admit()
	switch {
	case err != nil:
		return d, err
	case r.Preset.Name == "":
		return r.template(d)
	case r.InstanceType == "" || r.InstanceType == "auto":
		return r.choose(d, "")
	}
	return r.named(d)
}

// admit refuses what runs on no size. The Demand has no Options yet.
func (r *Request) admit() (capacity.Demand, error) {
	d := capacity.Demand{Workspace: r.Workspace, Preset: r.Preset.Name}
	if r.Preset.Deprecated != "" {
		return d, Refused(
			diag.DeprecatedPreset,
			r.presetField(),
			fmt.Sprintf("preset %s: %s", r.Preset.Name, r.Preset.Deprecated),
			"",
		)
	}
	if r.Tuning && r.Preset.Tuning == nil {
		return d, Refused(
			diag.PresetNotTunable,
			r.presetField(),
			fmt.Sprintf("preset %s cannot be tuned", r.Preset.Name),
			"syncer presets list shows which can",
		)
	}
	if err := r.tooLong(); err != nil {
		return d, err
	}
	if err := r.typeConflict(); err != nil {
		return d, err
	}
	if r.Spot && r.Limits.NoSpot {
		return d, Refused(
			diag.SpotNotAllowed,
			"metadata.annotations."+workspace.AnnotationSpot,
			"spot nodes are not allowed by capacity.limits.spot",
			"remove the annotation, or allow them",
		)
	}
	return d, nil
}

// tooLong refuses a context that exceeds the model's own: vLLM does not start with it, unless hf-overrides is set.
func (r *Request) tooLong() error {
	longest := r.Preset.Model.ContextLength
	_, overridden := r.flags()["hf-overrides"]
	if r.Tuning || r.Transformers || overridden || longest == 0 || r.Context <= longest {
		return nil
	}
	return Refused(
		diag.ContextTooLong,
		"inference.config",
		fmt.Sprintf("a context of %d tokens exceeds what %s supports", r.Context, r.Preset.Name),
		fmt.Sprintf("max-model-len may be up to %d", longest),
	)
}

func (r *Request) presetField() string {
	if r.Tuning {
		return "tuning.preset.name"
	}
	return "inference.preset.name"
}

// SizeField is the field of a Workspace that names its size, for errors.
const SizeField = "resource.instanceType"

// named sizes a Workspace that names its size.
func (r *Request) named(d capacity.Demand) (capacity.Demand, error) {
	s, known := capacity.LookupSKU(r.InstanceType)
	if known && s.Retired != "" {
		return r.retired(d, s)
	}
	if !known {
		return d, r.unknown()
	}
	if why := r.Unusable(s); why != "" {
		return d, Refused(diag.SizeUnusable, SizeField, fmt.Sprintf("%s cannot be used: %s", s.Name, why), r.advice(""))
	}
	if !r.Limits.Allows(s.Name) {
		return d, Refused(
			diag.SizeNotAllowed,
			SizeField,
			s.Name+" is not allowed by capacity.limits.allowedSizes",
			r.advice("allowed: "+strings.Join(r.Limits.AllowedSizes, ", ")),
		)
	}
	o, note, why := r.fitNamed(s)
	if why != nil {
		reason, field := why.blame(SizeField)
		return d, Refused(reason, field, withSize(s, why.String()), cmp.Or(r.loosenedFor(why), r.advice(r.refusalHint())))
	}
	d.Options = append([]capacity.Option{o}, r.options(s.Name)...)
	if note != "" {
		d.Notes = append(d.Notes, note)
	}
	d.Notes = append(d.Notes, r.remarks(o)...)
	if r.Count > 1 && r.Count != o.Nodes && !r.Tuning {
		d.Notes = append(
			d.Notes,
			fmt.Sprintf("resource.count: %d is not used: the model runs on %d x %s", r.Count, o.Nodes, s.Name),
		)
	}
	return d, nil
}

// fitNamed fits the Workspace on a size that the user chose. It returns the Option, with a note if the fit rests on
// less than the full estimate, or the rejection.
func (r *Request) fitNamed(s capacity.SKU) (o capacity.Option, note string, why *rejection) {
	o, why = r.fit(s, s.GPUs, maxNodesPerWorkload)
	if why == nil {
		return o, "", nil
	}
	if o, ok := r.unestimated(s); ok {
		return o, fmt.Sprintf(
			"preset %s lacks facts for an estimate of its memory; by the size of its weights alone it fits on %s",
			r.Preset.Name,
			s.Name,
		), nil
	}
	if o, ok := r.override(s); ok {
		return o, overrideNote(withSize(s, why.String())), nil
	}
	return capacity.Option{}, "", why
}

// withSize returns the reason, with the name of the size in front unless the reason holds it.
func withSize(s capacity.SKU, why string) string {
	if strings.Contains(why, s.Name) {
		return why
	}
	return fmt.Sprintf("%s cannot be used: %s", s.Name, why)
}

// remarks returns notes about an Option: an unverified size, slow arithmetic, nodes without InfiniBand.
func (r *Request) remarks(o capacity.Option) []string {
	out := r.wholeNote()
	if o.SKU.Unverified != "" {
		out = append(out, fmt.Sprintf("%s is not verified: %s", o.SKU.Name, o.SKU.Unverified))
	}
	if why := slower(r.Preset.Model, o.SKU); why != "" && !r.Tuning {
		out = append(out, why)
	}
	if o.Nodes > 1 && !o.SKU.InfiniBand {
		out = append(
			out,
			fmt.Sprintf(
				"%d nodes of %s communicate over Ethernet: the model generates tokens more slowly than on one node",
				o.Nodes,
				o.SKU.Name,
			),
		)
	}
	return out
}

// retired substitutes the cheapest size that fits for a retired one, or refuses it, as RetiredSizes says.
func (r *Request) retired(d capacity.Demand, s capacity.SKU) (capacity.Demand, error) {
	gone := fmt.Sprintf("Azure retired %s on %s", s.Name, s.Retired)
	if r.RetiredSizes == Refuse {
		return d, Refused(diag.SizeRetired, SizeField, gone, r.advice(""))
	}
	d, err := r.choose(d, gone)
	if err != nil {
		return d, err
	}
	o := d.Options[0]
	d.Substituted, d.Shares = s.Name, nil // the user named a size, so the Workspace gets nodes of its own
	d.Notes = append(
		d.Notes,
		fmt.Sprintf("%s; using %s instead (%s), the cheapest size that fits", gone, o.SKU.Name, r.describe(o)),
	)
	return d, nil
}

// choose selects the current size if it fits, else the cheapest that fits. because goes in front of the error: why
// sizing selects at all.
func (r *Request) choose(d capacity.Demand, because string) (capacity.Demand, error) {
	d.Options = r.options("")
	if len(d.Options) == 0 {
		reason, field := diag.NoSizeFits, SizeField
		message := fmt.Sprintf("no size that Azure offers in %s fits %s", r.Region, r.Preset.Name)
		if why := r.unspreadable(); why != "" {
			reason, field, message = diag.ConflictingFields, "inference.config", why
		} else if want := r.spread(); want != (spread{}) {
			message += " with " + want.String()
		}
		if because != "" {
			message = because + ", and " + message
		}
		return d, Refused(reason, field, message, r.refusalHint())
	}
	if i := slices.IndexFunc(d.Options, func(o capacity.Option) bool { return o.SKU.Name == r.Current }); i > 0 {
		current := d.Options[i]
		d.Options = slices.Insert(slices.Delete(d.Options, i, i+1), 0, current)
	}
	d.Shares = r.shares(d.Options)
	d.Notes = append(d.Notes, r.remarks(d.Options[0])...)
	return d, nil
}

// template sizes a pod template. Sizing knows nothing about its model, so the user has to name a size.
func (r *Request) template(d capacity.Demand) (capacity.Demand, error) {
	if r.InstanceType == "" || r.InstanceType == "auto" {
		return d, Refused(
			diag.SizeRequired,
			SizeField,
			"a pod template needs a size: syncer does not know what it runs",
			"name one, such as Standard_NC24ads_A100_v4",
		)
	}
	s, known := capacity.LookupSKU(r.InstanceType)
	switch {
	case known && s.Retired != "":
		return d, Refused(
			diag.SizeRetired,
			SizeField,
			fmt.Sprintf("Azure retired %s on %s", s.Name, s.Retired),
			fmt.Sprintf(
				"syncer does not know what the pod template needs and selects no substitute; name another size: %s is closest",
				s.Successor,
			),
		)
	case !r.Limits.Allows(r.InstanceType):
		return d, Refused(
			diag.SizeNotAllowed,
			SizeField,
			r.InstanceType+" is not allowed by capacity.limits.allowedSizes",
			"allowed: "+strings.Join(r.Limits.AllowedSizes, ", "),
		)
	case !known:
		if meant, ok := capacity.SameSKU(r.InstanceType); ok {
			return d, Refused(
				diag.UnknownSize,
				SizeField,
				fmt.Sprintf("size %s is not known", r.InstanceType),
				fmt.Sprintf("did you mean %q?", meant.Name),
			)
		}
		s = capacity.SKU{Name: r.InstanceType}
		if near := capacity.NearSKU(r.InstanceType); near != "" {
			d.Notes = append(d.Notes, fmt.Sprintf("size %s is not known; did you mean %q?", r.InstanceType, near))
		}
	}
	if err := r.beyond(s, known, ""); err != nil {
		return d, err
	}
	d.Options = []capacity.Option{r.wholeNodes(s)}
	return d, nil
}

// wholeNodes returns the nodes that a pod template asks for, at least one.
func (r *Request) wholeNodes(s capacity.SKU) capacity.Option {
	nodes := max(r.Count, 1)
	return capacity.Option{
		SKU:              s,
		Nodes:            nodes,
		GPUsPerNode:      s.GPUs,
		GPUs:             nodes * s.GPUs,
		TensorParallel:   max(s.GPUs, 1),
		PipelineParallel: nodes,
		DataParallel:     1,
		HourlyCost:       r.price(s.Name).Times(nodes),
	}
}

// SizeOn works out how many nodes of one description a Workspace needs. The nodes exist, or nothing else is known of
// them: InstanceType, Region and Limits of the request have no meaning. The error is a *RefusedError.
func SizeOn(r Request, s capacity.SKU) (capacity.Demand, error) {
	d, err := r.admit()
	if err != nil {
		return d, err
	}
	if s.ComputeCapability == 0 {
		s.ComputeCapability = capacity.CapabilityOf(s.GPUModel)
	}
	if r.Preset.Name == "" {
		if err := r.beyond(s, s.GPUs > 0, "choose nodes that have them, or ask for less"); err != nil {
			return d, err
		}
		o := r.wholeNodes(s)
		o.HourlyCost = capacity.Cost{}
		d.Options = []capacity.Option{o}
		return d, nil
	}
	o, note, why := r.fitNamed(s)
	if why != nil {
		reason, field := why.blame("resource.labelSelector")
		hint := "add nodes with more GPU memory, or choose a smaller model or a shorter context"
		switch why.cause {
		case causeSettings:
			hint = fmt.Sprintf("remove %s: syncer spreads the model over the GPUs", why.fixed)
		case causeText: // what they are, not how much memory they have
			hint = "choose nodes with other GPUs"
		}
		return d, Refused(reason, field, withSize(s, why.String()), hint)
	}
	o.HourlyCost = capacity.Cost{}
	d.Options, d.Notes = []capacity.Option{o}, r.remarks(o)
	if note != "" {
		d.Notes = append([]string{note}, d.Notes...)
	}
	return d, nil
}

func usableNames() []string {
	var out []string
	for s := range capacity.Usable() {
		if s.Unverified == "" {
			out = append(out, s.Name)
		}
	}
	return out
}
