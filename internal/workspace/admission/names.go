// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/diag"
)

// nameHint says how labels and annotations are named.
const nameHint = "write name or domain.example/name, with at most 63 letters, digits, dashes, dots and underscores " +
	"in the name"

// labels checks labels and annotations by the rules of the API server: those of the Workspace go to its objects, and
// those of its selector to nodes.
func (c *check) labels() {
	c.labelMap("metadata.labels", c.w.Labels)
	if s := c.w.Resource.LabelSelector; s != nil {
		c.labelMap("resource.labelSelector.matchLabels", s.MatchLabels)
	}
	for _, key := range slices.Sorted(maps.Keys(c.w.Annotations)) {
		if why := validation.IsQualifiedName(strings.ToLower(key)); len(why) > 0 {
			c.fail(diag.InvalidName, "metadata.annotations."+key, "is not a valid annotation name", nameHint)
		}
	}
}

func (c *check) labelMap(field string, labels map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if why := validation.IsQualifiedName(key); len(why) > 0 {
			c.fail(diag.InvalidLabel, field+"."+key, "is not a valid label name", nameHint)
		}
		if why := validation.IsValidLabelValue(labels[key]); len(why) > 0 {
			c.fail(
				diag.InvalidLabel,
				field+"."+key,
				fmt.Sprintf("%.100q is not a valid label value", labels[key]),
				"use at most 63 letters, digits, dashes, dots and underscores, with a letter or digit at both ends",
			)
		}
	}
}

// objectName checks the name of an object, and reports whether the API server accepts it.
func (c *check) objectName(field, kind, name string) bool {
	why := validation.IsDNS1123Subdomain(name)
	what := fmt.Sprintf("%.100q", name)
	if kind == "Secret" {
		what = "the value" // it may be the secret itself, pasted in the wrong place
	}
	if len(why) > 0 {
		c.fail(
			diag.InvalidName,
			field,
			fmt.Sprintf("%s is not a valid name of a %s", what, kind),
			"use lower-case letters, digits, dots and dashes",
		)
	}
	return len(why) == 0
}
