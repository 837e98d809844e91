package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// nameHint says how labels and annotations are named.
const nameHint = "write name or domain.example/name, with at most 63 letters, digits, dashes, dots and underscores in the name"

// labels checks what the API server would refuse in labels and annotations: those of the Workspace go to what is made of it, and
// those of its selector to nodes.
func (c *check) labels() {
	c.labelMap("metadata.labels", c.w.Labels)
	if s := c.w.Resource.LabelSelector; s != nil {
		c.labelMap("resource.labelSelector.matchLabels", s.MatchLabels)
	}
	for _, key := range slices.Sorted(maps.Keys(c.w.Annotations)) {
		if why := validation.IsQualifiedName(strings.ToLower(key)); len(why) > 0 {
			c.fail("metadata.annotations."+key, "is not a name of an annotation", nameHint)
		}
	}
}

func (c *check) labelMap(field string, labels map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if why := validation.IsQualifiedName(key); len(why) > 0 {
			c.fail(field+"."+key, "is not a name of a label", nameHint)
		}
		if why := validation.IsValidLabelValue(labels[key]); len(why) > 0 {
			c.fail(field+"."+key, fmt.Sprintf("%.100q is not a value of a label", labels[key]), "use at most 63 letters, digits, dashes, dots and underscores, with a letter or digit at both ends")
		}
	}
}

// objectName checks a name that is given to the API server, and reports whether it is one.
func (c *check) objectName(field, kind, name string) bool {
	why := validation.IsDNS1123Subdomain(name)
	if len(why) > 0 {
		c.fail(field, fmt.Sprintf("%.100q is not a name of a %s", name, kind), "use lower-case letters, digits, dots and dashes")
	}
	return len(why) == 0
}
