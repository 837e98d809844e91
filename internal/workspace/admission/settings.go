// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/imagespec"
	"syncer.dev/syncer/internal/modelconfig"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// settings reports what package modelconfig found in a text of a ConfigMap: at its place in the file of the ConfigMap,
// or, when that is not known, at the field of the Workspace that names it. It reports whether there is no error.
func (c *check) settings(field, name, key string, found []diag.Diagnostic) bool {
	o := workspace.ConfigMap(c.set.Objects, c.w.Namespace, name)
	origin, placed := o.Origins[key]
	good := true
	for _, d := range found {
		at, inside := c.w.At(field), c.w.Written(field)
		message := fmt.Sprintf("ConfigMap %s: ", name)
		switch {
		case placed:
			p := origin.At(d.Line, d.Column)
			at, inside, message = diag.Position{Path: o.Source.Path, Line: p.Line, Column: p.Column}, d.Field, ""
			if inside == "" {
				inside = key
			}
		case d.Field != "":
			message += d.Field + ": "
		}
		if d.Severity == diag.Error {
			good = false
			if c.errors >= maxErrors {
				continue
			}
			c.errors++
		}
		d.Message = message + d.Message
		c.problems = append(c.problems, c.w.About(d.Placed(at).On(inside)))
	}
	return good
}

// once returns what is found in a text, which is the same for every Workspace that reads it in the same way.
func (c *check) once(how, text string, find func() []diag.Diagnostic) []diag.Diagnostic {
	key := how + "\x00" + text
	found, ok := c.memo[key]
	if !ok {
		found = find()
		c.memo[key] = found
	}
	return slices.Clone(found)
}

// foreign reports whether the image is the user's own.
func (c *check) foreign(p preset.Preset) bool {
	return p.OwnImage || c.w.Patch != nil && preset.HasImage(c.w.Patch.Text)
}

// server describes the pod that reads the settings.
func (c *check) server(p preset.Preset) modelconfig.Server {
	s := modelconfig.Server{
		Foreign:    c.w.Inference.Template != nil || c.foreign(p),
		RemoteCode: p.RemoteCode(preset.VLLM),
		Benchmark:  c.w.Annotations[wellknown.AnnotationDisableBenchmark] != "true",
		// syncer renders this one for each preset.
		Flags: []string{"compilation-config.pass_config.fuse_allreduce_rms"},
	}
	for flag := range p.RunParameters[preset.VLLM] {
		s.Flags = append(s.Flags, flag)
	}
	slices.Sort(s.Flags)
	return s
}

// runParameters checks the flags of a preset, which may be one of the repository. One that the server does not take
// stops it at its start.
func (c *check) runParameters(p preset.Preset) {
	key := "\x00" + p.Name // no name of a ConfigMap
	found, known := c.memo[key]
	if !known {
		found = modelconfig.CommandLine(p.RunParameters[preset.VLLM])
		c.memo[key] = found
	}
	for _, d := range found {
		c.fail(d.Reason, "inference.preset.name",
			fmt.Sprintf("preset %s: runParameters.vllm.%s: %s", p.Name, d.Field, d.Message), d.Hint)
	}
}

// inferenceConfig checks the ConfigMap of a served model.
func (c *check) inferenceConfig(p preset.Preset, known bool) {
	const field = "inference.config"
	name := c.w.Inference.Config
	text, ok := c.configData(field, name, workspace.InferenceConfigKey)
	if !ok {
		if name == "" {
			c.lengthRequired(field, known)
		}
		return
	}
	c.cpuCache(p, known)
	server := c.server(p)
	found := c.once(fmt.Sprintf("%+v", server), text, func() []diag.Diagnostic {
		return modelconfig.Inference(text, server)
	})
	settings, readable := workspace.VLLMSettings(text)
	length := strings.TrimSpace(settings["max-model-len"])
	if readable && c.w.APIVersion == workspace.V1alpha1 && length == "" {
		c.lengthRequired(field, known)
	}
	n, isNumber := imagespec.ParseLength(length)
	_, overridden := settings["hf-overrides"]
	if known && p.Model.ContextLength > 0 && isNumber && n > int64(p.Model.ContextLength) && !overridden &&
		c.w.APIVersion != workspace.V1alpha1 {
		place := modelconfig.Place(text, "max-model-len")
		found = append(found, diag.Errorf(
			diag.ContextTooLong,
			"%s exceeds the %d tokens that %s supports", length, p.Model.ContextLength, p.Name,
		).On("vllm.max-model-len").At(place.Line, place.Column).Suggest("lower it, or remove it to let syncer choose"))
	}
	c.settings(field, name, workspace.InferenceConfigKey, found)
}
