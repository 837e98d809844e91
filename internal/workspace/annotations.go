package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/strictyaml"
)

// allowedValues are the values of annotations that have only a few.
var allowedValues = map[string][]string{
	AnnotationSuspend:            {"true", "false"},
	AnnotationSpot:               {"true", "false"},
	AnnotationPrune:              {"disabled"},
	"kaito.sh/performance-mode":  {"balanced", "interactivity", "throughput"},
	"kaito.sh/use-local-weights": {"true", "false"},
}

// usefulValues are the values that have an effect, of annotations of which any other is ignored.
var usefulValues = map[string][]string{
	AnnotationRuntime:          {"vllm", "transformers"},
	"kaito.sh/enablelb":        {"True"},
	annotationDisableBenchmark: {"true"},
}

// knownAnnotations are those that KAITO reads from a Workspace, besides those with values above.
var knownAnnotations = []string{
	AnnotationBypass, annotationImageFamily, annotationNodeClass, "kaito.sh/model-streaming",
	"kaito.sh/model-mirror-storage-class", "kaito.sh/streaming-service-account", "kaito.sh/upgrade-start-time",
}

const (
	annotationImageFamily = "kaito.sh/node-image-family" // the operating system of the nodes
	annotationNodeClass   = "kaito.sh/node-class-name"   // what Karpenter makes nodes from
)

// imageFamilies are compared without regard to case and blanks, as KAITO does.
var imageFamilies = []string{"ubuntu", "azurelinux"}

// annotations checks the annotations that mean something.
func (c *check) annotations() {
	for _, key := range slices.Sorted(maps.Keys(c.w.Annotations)) {
		value := c.w.Annotations[key]
		field := "metadata.annotations." + key
		allowed, known := allowedValues[key]
		switch {
		case key == annotationImageFamily && !slices.Contains(imageFamilies, strings.ToLower(strings.TrimSpace(value))):
			c.fail(field, fmt.Sprintf("%q is not an image family", value), "use "+strings.Join(imageFamilies, " or "))
		case c.w.APIVersion == V1alpha1 && known && strings.HasPrefix(key, "kaito.sh/"): // v1alpha1 does not look at these
		case key == annotationNodeClass && value != "" && c.env.NodeClasses != nil && !slices.Contains(c.env.NodeClasses, value):
			hint := "known: " + strings.Join(c.env.NodeClasses, ", ")
			if s := strictyaml.Suggest(value, c.env.NodeClasses); s != "" {
				hint = fmt.Sprintf("did you mean %q?", s)
			}
			c.fail(field, fmt.Sprintf("%q is not a node class that is allowed", value), hint)
		case known && !slices.Contains(allowed, value):
			c.fail(field, fmt.Sprintf("%q is not a value of this annotation", value), "use "+quoted(allowed))
		case usefulValues[key] != nil && !slices.Contains(usefulValues[key], value):
			c.warn(field, fmt.Sprintf("%q has no effect", value), "use "+quoted(usefulValues[key]))
		case !known && usefulValues[key] == nil && strings.HasPrefix(key, "kaito.sh/"):
			all := slices.Concat(knownAnnotations, slices.Sorted(maps.Keys(usefulValues)), slices.Sorted(maps.Keys(allowedValues)))
			if meant := strictyaml.Suggest(key, all); meant != "" && !slices.Contains(all, key) {
				c.warn(field, "is not an annotation that KAITO or syncer knows", fmt.Sprintf("did you mean %q?", meant))
			}
		case !known && key != AnnotationWeightsClass && strings.HasPrefix(key, "syncer.dev/"):
			hint := "remove it"
			if s := strictyaml.Suggest(key, []string{AnnotationSuspend, AnnotationSpot, AnnotationPrune, AnnotationWeightsClass}); s != "" {
				hint = fmt.Sprintf("did you mean %q?", s)
			}
			c.warn(field, "is not an annotation that syncer knows", hint)
		}
	}
}

func quoted(values []string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(out, " or ")
}
