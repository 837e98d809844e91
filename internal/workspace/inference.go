package workspace

import (
	"fmt"
	"slices"
	"strconv"

	"syncer.dev/syncer/internal/preset"
)

// maxAdapters is KAITO's limit.
const maxAdapters = 10

// inference checks what is served.
func (c *check) inference() {
	in := c.w.Inference
	if in == nil {
		return
	}
	switch {
	case in.Preset == nil && in.Template == nil:
		c.fail("inference.preset", "neither preset nor template is given", "name a preset (syncer presets list), or bring a pod template")
	case in.Preset != nil && in.Template != nil:
		c.fail("inference.template", "preset and template cannot be given together", "remove one of them")
	}
	var p preset.Preset
	known := false
	if in.Preset != nil {
		if p, known = c.lookup(in.Preset, "inference.preset"); known {
			c.served(p)
		}
	}
	c.adapters(p, known)
	if !c.w.transformers() {
		c.inferenceConfig(p, known)
	}
}

// served checks what a preset needs in order to be served.
func (c *check) served(p preset.Preset) {
	in := c.w.Inference
	runtime := preset.VLLM
	if c.w.transformers() {
		runtime = preset.Transformers
	}
	if !p.Supports(runtime) {
		c.fail("metadata.annotations."+AnnotationRuntime, fmt.Sprintf("%s cannot be served by the %s runtime", p.Name, runtime), fmt.Sprintf("it can by %v", p.Runtimes))
	}
	if p.Gated && in.Preset.Options.ModelAccessSecret == "" && c.w.APIVersion != V1alpha1 {
		c.fail("inference.preset.presetOptions.modelAccessSecret", "downloading "+p.Repo+" needs a token", "name a Secret of the namespace that has the key HF_TOKEN")
	}
	if p.Repo == "" && in.Preset.Options.ModelAccessSecret != "" {
		c.fail("inference.preset.presetOptions.modelAccessSecret", p.Name+" is not downloaded, and needs no token", "remove it")
	}
	if in.Preset.AccessMode == "private" && in.Preset.Options.Image == "" && c.w.APIVersion == V1alpha1 {
		c.fail("inference.preset.presetOptions.image", "access mode private needs an image", "give the image that holds the model")
	}
}

// adapters checks the LoRA adapters. KAITO does so only when they change.
func (c *check) adapters(p preset.Preset, known bool) {
	all := c.w.Inference.Adapters
	runtime := preset.VLLM
	if c.w.transformers() {
		runtime = preset.Transformers
	}
	if len(all) > maxAdapters {
		c.fail("inference.adapters", fmt.Sprintf("%d adapters are given; at most %d can be", len(all), maxAdapters), "")
	}
	if len(all) > 0 && known && slices.Contains(p.NoAdapters, runtime) {
		c.fail("inference.adapters", fmt.Sprintf("%s cannot have adapters with the %s runtime", p.Name, runtime), "")
	}
	seen := map[string]int{}
	for i, a := range all {
		field := fmt.Sprintf("inference.adapters[%d]", i)
		if a.Source == nil {
			c.fail(field+".source", "not given", "name an image or a volume that holds the adapter")
			continue
		}
		c.adapter(field, a, runtime)
		if first, twice := seen[a.Source.Name]; twice {
			c.fail(field+".source.name", fmt.Sprintf("%q is also the name of adapter %d", a.Source.Name, first), "give each adapter a name of its own")
		} else {
			seen[a.Source.Name] = i
		}
	}
}

func (c *check) adapter(field string, a Adapter, runtime preset.Runtime) {
	s := a.Source
	switch {
	case s.Name == "":
		c.fail(field+".source.name", "not given", "an adapter needs a name")
	case !dns1123Subdomain.MatchString(s.Name):
		c.fail(field+".source.name", fmt.Sprintf("%q is not a name", s.Name), "use lower-case letters, digits, dots and dashes")
	}
	c.image(field+".source.image", s.Image)
	switch {
	case len(s.URLs) > 0:
		c.fail(field+".source.urls", "an adapter cannot come from URLs", "name an image or a volume")
	case s.Image == "" && s.Volume == nil:
		c.fail(field+".source", "neither image nor volumeSource is given", "name one of them")
	case s.Image != "" && s.Volume != nil:
		c.fail(field+".source", "both image and volumeSource are given", "remove one of them")
	}
	if a.Strength == nil {
		return
	}
	v, err := strconv.ParseFloat(*a.Strength, 64)
	switch {
	case runtime == preset.VLLM:
		c.fail(field+".strength", "vLLM does not know a strength", "remove it, or use the transformers runtime")
	case err != nil:
		c.fail(field+".strength", fmt.Sprintf("%q is not a number", *a.Strength), `write a number from "0" to "1"`)
	case !(v >= 0 && v <= 1):
		c.fail(field+".strength", fmt.Sprintf("%s is not between 0 and 1", *a.Strength), `write a number from "0" to "1"`)
	}
}
