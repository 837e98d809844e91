// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
)

// tuning checks what is tuned, from what, and where to.
func (c *check) tuning() {
	t := c.w.Tuning
	if t == nil {
		return
	}
	method := preset.Method(strings.ToLower(t.Method))
	if method != preset.LoRA && method != preset.QLoRA {
		c.fail(diag.InvalidValue, "tuning.method", fmt.Sprintf("%q is not a valid method", t.Method), "use lora or qlora")
	}
	var model preset.Preset
	if t.Preset == nil {
		c.fail(diag.RequiredField, "tuning.preset", "is required", "name the model to tune (see: syncer presets list)")
	} else if p, known := c.lookup(t.Preset, "tuning.preset"); known && p.Tuning == nil {
		c.fail(diag.PresetNotTunable, "tuning.preset.name", fmt.Sprintf("preset %s does not support tuning", p.Name),
			"see: syncer presets list")
	} else if known {
		model = p
		c.download(p, "tuning.preset", t.Preset)
	}
	c.tuningConfig(model, method)
	if t.Input == nil {
		c.fail(diag.RequiredField, "tuning.input", "is required", "name the source of the data: urls, image or volumeSource")
	} else {
		c.dataSource("tuning.input", t.Input)
	}
	if t.Output == nil {
		c.fail(diag.RequiredField, "tuning.output", "is required",
			"name the destination of the result: image or volumeSource")
		return
	}
	o := t.Output
	c.image("tuning.output.image", o.Image)
	switch {
	case (o.Image == "") == (o.Volume == nil):
		c.fail(diag.ConflictingFields, "tuning.output", "must have exactly one of image and volumeSource",
			"name one destination of the result")
	case o.Image != "" && o.ImagePushSecret == "":
		c.fail(
			diag.RequiredField,
			"tuning.output.imagePushSecret",
			"is required, because syncer pushes the result as an image",
			"name a Secret of type kubernetes.io/dockerconfigjson in the namespace",
		)
	}
}
