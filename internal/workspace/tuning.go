package workspace

import (
	"fmt"
	"strings"

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
		c.fail("tuning.method", fmt.Sprintf("%q is not a method", t.Method), "use lora or qlora")
	}
	if t.Preset == nil {
		c.fail("tuning.preset", "not given", "name the model to tune: syncer presets list")
	} else if p, known := c.lookup(t.Preset, "tuning.preset"); known && p.Tuning == nil {
		c.fail("tuning.preset.name", fmt.Sprintf("preset %s cannot be tuned", p.Name), "syncer presets list shows which can")
	}
	c.tuningConfig(method)
	if t.Input == nil {
		c.fail("tuning.input", "not given", "say where the data is: urls, image or volumeSource")
	} else {
		c.dataSource("tuning.input", t.Input)
	}
	if t.Output == nil {
		c.fail("tuning.output", "not given", "say where the result goes: image or volumeSource")
		return
	}
	o := t.Output
	c.image("tuning.output.image", o.Image)
	switch {
	case (o.Image == "") == (o.Volume == nil):
		c.fail("tuning.output", "exactly one of image and volumeSource must be given", "")
	case o.Image != "" && o.ImagePushSecret == "":
		c.fail("tuning.output.imagePushSecret", "not given", "pushing the image needs a Secret of type kubernetes.io/dockerconfigjson in the namespace")
	}
}
