// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/ignore"
	"syncer.dev/syncer/internal/strictyaml"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/kaitokeys"
)

// allowedValues are the values of annotations that have only a few.
var allowedValues = map[string][]string{
	workspace.AnnotationSuspend:      {"true", "false"},
	workspace.AnnotationSpot:         {"true", "false"},
	workspace.AnnotationPrune:        {"disabled"},
	workspace.AnnotationMode:         {workspace.ModeObserve},
	workspace.AnnotationNodes:        {workspace.NodesOwn},
	workspace.AnnotationPriority:     {string(workspace.Low), string(workspace.Normal), string(workspace.High)},
	wellknown.AnnotationPerformance:  {"balanced", "interactivity", "throughput"},
	wellknown.AnnotationLocalWeights: {"true", "false"},
}

// usefulValues are the values that have an effect, of annotations of which any other is ignored.
var usefulValues = map[string][]string{
	workspace.AnnotationRuntime:          {"vllm", "transformers"},
	wellknown.AnnotationLoadBalancer:     {"True"},
	wellknown.AnnotationDisableBenchmark: {"true"},
}

// imageFamilies are compared without regard to case and blanks, as KAITO does.
var imageFamilies = []string{"ubuntu", "azurelinux"}

// syncerAnnotations are syncer's own.
var syncerAnnotations = []string{
	workspace.AnnotationSuspend, workspace.AnnotationSpot, workspace.AnnotationPrune, workspace.AnnotationPriority,
	workspace.AnnotationWeightsClass, workspace.AnnotationMode, workspace.AnnotationIgnore,
	workspace.AnnotationDependsOn, workspace.AnnotationNodes,
}

// annotations checks the annotations that mean something.
func (c *check) annotations() {
	for _, key := range slices.Sorted(maps.Keys(c.w.Annotations)) {
		c.annotation(key, c.w.Annotations[key])
	}
	for _, key := range slices.Sorted(maps.Keys(c.w.Labels)) {
		c.label(key, c.w.Labels[key])
	}
}

// label checks a label of the Workspace that means something to KAITO.
func (c *check) label(key, value string) {
	field := "metadata.labels." + key
	if key != wellknown.LabelInferenceRole {
		if k, ok := kaitokeys.Lookup(key); ok && k.Label {
			c.kaitoKey(field, key, value)
		}
		return
	}
	if !slices.Contains(workspace.Roles, value) {
		c.warn(diag.IgnoredField, field, fmt.Sprintf("%q is not a role that the server knows", value),
			"use "+quoted(workspace.Roles))
		return
	}
	if value == workspace.RoleDecode {
		c.warn(diag.IgnoredField, field, "gives the pods no routing sidecar, so that each answers whole requests by itself",
			"run a router that selects pods by this label, or remove it")
	}
}

// setAnnotations checks the annotations of an InferenceSet itself, of which KAITO passes few on to its replicas.
func (c *check) setAnnotations(annotations map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if _, replicas := c.w.Annotations[key]; replicas {
			continue // checked with those of the replicas
		}
		field := "metadata.annotations." + key
		k, known := kaitokeys.Lookup(key)
		switch {
		case !known || k.Effect != kaitokeys.Followed:
			c.kaitoKey(field, key, annotations[key])
		case key == workspace.AnnotationRuntime || key == wellknown.AnnotationDisableBenchmark:
			// read from the set by KAITO too, and decided by what the template says
		default:
			c.warn(diag.IgnoredField, field, "has no effect on the InferenceSet itself",
				"move it to spec.template.metadata.annotations")
		}
	}
}

func (c *check) annotation(key, value string) {
	field := "metadata.annotations." + key
	allowed, limited := allowedValues[key]
	useful, ignorable := usefulValues[key]
	switch {
	case key == wellknown.AnnotationImageFamily:
		c.imageFamily(field, value)
	case limited && c.w.APIVersion == workspace.V1alpha1 && strings.HasPrefix(key, wellknown.PrefixKAITO):
		// v1alpha1 does not look at these
	case key == workspace.AnnotationIgnore:
		_, wrong := ignore.Pointers(value)
		for _, err := range wrong {
			c.fail(diag.InvalidPointer, field, err.Error(), ignore.Hint)
		}
	case key == wellknown.AnnotationNodeClass:
		c.nodeClass(field, value)
	case limited:
		if !slices.Contains(allowed, value) {
			c.fail(diag.InvalidValue, field, fmt.Sprintf("%q is not a valid value", value), "use "+quoted(allowed))
		}
	case ignorable:
		if !slices.Contains(useful, value) {
			c.warn(diag.IgnoredField, field, fmt.Sprintf("%q has no effect", value), "use "+quoted(useful))
		}
	case strings.HasPrefix(key, wellknown.PrefixSyncer):
		if !slices.Contains(syncerAnnotations, key) {
			c.warn(diag.UnknownAnnotation, field, "is not a known annotation of syncer",
				cmp.Or(didYouMean(key, syncerAnnotations), "remove it"))
		}
	default:
		c.kaitoKey(field, key, value)
	}
}

func (c *check) imageFamily(field, value string) {
	if !slices.Contains(imageFamilies, strings.ToLower(strings.TrimSpace(value))) {
		c.fail(diag.InvalidValue, field, fmt.Sprintf("%q is not a known image family", value),
			"use "+strings.Join(imageFamilies, " or "))
	}
}

func (c *check) nodeClass(field, value string) {
	if c.env.BYO || c.env.Pool != nil {
		c.warn(diag.IgnoredField, field, "has no effect, because Karpenter makes no nodes in this mode",
			"remove it, or use capacity.mode: karpenter")
		return
	}
	if value != "" && c.env.NodeClasses != nil && !slices.Contains(c.env.NodeClasses, value) {
		c.fail(diag.NodeClassNotAllowed, field, fmt.Sprintf("%q is not a node class that the configuration allows", value),
			cmp.Or(didYouMean(value, c.env.NodeClasses), "allowed: "+strings.Join(c.env.NodeClasses, ", ")))
	}
}

// kaitoKey warns about an annotation or a label of KAITO that has no effect here, and about one that looks like
// a misspelling. KAITO's users have keys of their own under its domains, so that any other passes.
func (c *check) kaitoKey(field, key, value string) {
	k, known := kaitokeys.Lookup(key)
	switch {
	case known && k.Effect == kaitokeys.Ignored && (k.Harmless == "" || value != k.Harmless):
		c.warn(diag.IgnoredField, field, k.Why, k.Hint)
	case known && k.Effect == kaitokeys.Bookkeeping && !workspace.ReservedLabel(key):
		c.warn(diag.IgnoredField, field, "is written by KAITO's programs, and is ignored in a file", "remove it")
	case !known && strings.HasPrefix(key, wellknown.PrefixKAITO):
		if meant := didYouMean(key, kaitokeys.Names()); meant != "" {
			c.warn(diag.UnknownAnnotation, field, "is not a known annotation of KAITO or syncer", meant)
		}
	}
}

// didYouMean returns a hint with the known name that name is most likely a misspelling of, or "".
func didYouMean(name string, known []string) string {
	if meant := strictyaml.Suggest(name, known); meant != "" {
		return fmt.Sprintf("did you mean %q?", meant)
	}
	return ""
}

func quoted(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(out, " or ")
}
