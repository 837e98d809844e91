// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
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
		c.fail(
			diag.RequiredField,
			"inference.preset",
			"is required, because there is no template",
			"name a preset (see: syncer presets list), or write a pod template in inference.template",
		)
	case in.Preset != nil && in.Template != nil:
		c.fail(
			diag.ConflictingFields,
			"inference.template",
			"cannot be combined with inference.preset",
			"remove one of them",
		)
	}
	var p preset.Preset
	known := false
	if in.Preset != nil {
		if p, known = c.lookup(in.Preset, "inference.preset"); known {
			c.served(p)
		}
	}
	c.adapters(p, known)
	if !c.w.Transformers() {
		c.inferenceConfig(p, known)
	}
}

// served checks what a preset needs in order to be served.
func (c *check) served(p preset.Preset) {
	in := c.w.Inference
	runtime := preset.VLLM
	if c.w.Transformers() {
		runtime = preset.Transformers
	}
	if !p.Supports(runtime) {
		c.fail(
			diag.RuntimeNotSupported,
			"metadata.annotations."+workspace.AnnotationRuntime,
			fmt.Sprintf("preset %s does not support the %s runtime", p.Name, runtime),
			fmt.Sprintf("supported: %v", p.Runtimes),
		)
	}
	if runtime == preset.VLLM && !p.OwnImage {
		c.runParameters(p)
	}
	if p.Pooling() && runtime == preset.Transformers {
		c.fail(
			diag.RuntimeNotSupported,
			"metadata.annotations."+workspace.AnnotationRuntime,
			fmt.Sprintf("preset %s turns text into numbers, and the transformers runtime serves chats only", p.Name),
			"remove the annotation: vllm serves it",
		)
	}
	c.download(p, "inference.preset", in.Preset)
	if in.Preset.AccessMode == "private" {
		c.private("inference.preset.presetOptions", in.Preset.Options.Image, in.Preset.Options.ImagePullSecrets)
	}
	if p.Repo == "" && in.Preset.Options.ModelAccessSecret != "" {
		c.fail(
			diag.UnsupportedField,
			"inference.preset.presetOptions.modelAccessSecret",
			"is not supported, because preset "+p.Name+" is not downloaded and needs no token",
			"remove it",
		)
	}
	if in.Preset.AccessMode == "private" && in.Preset.Options.Image == "" && c.w.APIVersion == workspace.V1alpha1 {
		c.fail(
			diag.RequiredField,
			"inference.preset.presetOptions.image",
			"is required for access mode private",
			"name the image that holds the model",
		)
	}
}

// adapters checks the LoRA adapters. KAITO does so only when they change.
func (c *check) adapters(p preset.Preset, known bool) {
	all := c.w.Inference.Adapters
	runtime := preset.VLLM
	if c.w.Transformers() {
		runtime = preset.Transformers
	}
	if len(all) > maxAdapters {
		c.fail(
			diag.TooManyAdapters,
			"inference.adapters",
			fmt.Sprintf("has %d adapters, but at most %d are supported", len(all), maxAdapters),
			fmt.Sprintf("remove %d adapters", len(all)-maxAdapters),
		)
	}
	if len(all) > 0 && known && slices.Contains(p.NoAdapters, runtime) {
		c.fail(
			diag.RuntimeNotSupported,
			"inference.adapters",
			fmt.Sprintf("preset %s does not support adapters with the %s runtime", p.Name, runtime),
			"remove the adapters",
		)
	}
	seen := map[string]int{}
	for i, a := range all {
		field := fmt.Sprintf("inference.adapters[%d]", i)
		if a.Source == nil {
			c.fail(diag.RequiredField, field+".source", "is required", "name an image or a volume that holds the adapter")
			continue
		}
		c.adapter(field, a, runtime)
		if first, twice := seen[a.Source.Name]; twice {
			c.fail(
				diag.DuplicateField,
				field+".source.name",
				fmt.Sprintf("%q is already the name of adapter %d", a.Source.Name, first),
				"give each adapter a name of its own",
			)
		} else {
			seen[a.Source.Name] = i
		}
	}
}

func (c *check) adapter(field string, a workspace.Adapter, runtime preset.Runtime) {
	s := a.Source
	switch {
	case s.Name == "":
		c.fail(diag.RequiredField, field+".source.name", "is required", "name the adapter")
	case len(validation.IsDNS1123Subdomain(s.Name)) > 0:
		c.fail(
			diag.InvalidName,
			field+".source.name",
			fmt.Sprintf("%q is not a valid name", s.Name),
			"use lower-case letters, digits, dots and dashes",
		)
	}
	c.image(field+".source.image", s.Image)
	c.private(field+".source", s.Image, s.ImagePullSecrets)
	switch {
	case len(s.URLs) > 0:
		c.fail(diag.UnsupportedField, field+".source.urls", "is not supported for adapters", "use image or volumeSource")
	case s.Image == "" && s.Volume == nil:
		c.fail(diag.RequiredField, field+".source", "must have an image or a volumeSource", "name one of them")
	case s.Image != "" && s.Volume != nil:
		c.fail(diag.ConflictingFields, field+".source", "must have only one of image and volumeSource", "remove one of them")
	}
	if a.Strength == nil {
		return
	}
	v, err := strconv.ParseFloat(*a.Strength, 64)
	switch {
	case runtime == preset.VLLM:
		c.fail(
			diag.UnsupportedField,
			field+".strength",
			"is not supported by the vllm runtime",
			"remove it, or use the transformers runtime",
		)
	case err != nil:
		c.fail(
			diag.WrongType,
			field+".strength",
			fmt.Sprintf("%q is not a number", *a.Strength),
			`write a number from "0" to "1"`,
		)
	case !(v >= 0 && v <= 1):
		c.fail(
			diag.OutOfRange,
			field+".strength",
			fmt.Sprintf("must be between 0 and 1, not %s", *a.Strength),
			`write a number from "0" to "1"`,
		)
	}
}
