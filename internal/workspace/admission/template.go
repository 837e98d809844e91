// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/redact"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace/nodelabel"
	"syncer.dev/syncer/internal/workspace/podtemplate"
)

// template checks a pod template of the user's own, and looks for secrets in all that the author of a file can write
// freely. It refuses the quantities that the API server
// refuses. Sizing compares the template with its size, and the policy for pods judges the rendered pods.
func (c *check) template() {
	annotations := map[string]any{}
	for key, v := range c.w.Annotations {
		annotations[key] = v
	}
	c.secrets("metadata.annotations", annotations)
	in := c.w.Inference
	if in == nil || in.Template == nil {
		return
	}
	const field = "inference.template"
	c.secrets(field, in.Template)
	if spec, _ := in.Template["spec"].(map[string]any); spec["affinity"] != nil {
		c.warn(diag.IgnoredField, field+".spec.affinity", "is replaced by that of the nodes of the Workspace",
			"remove it; resource.labelSelector chooses the nodes")
	}
	for _, f := range podtemplate.Faults(in.Template) {
		c.fail(f.Reason, field+"."+f.Field, f.Message, f.Hint)
	}
	selector := podtemplate.NodeSelector(in.Template)
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		c.nodeSelector(field+".spec.nodeSelector."+key, key, selector[key])
	}
}

// nodeSelector checks a label that a template asks of its node in mode aks: the nodes have what resource.labelSelector
// gives them, what AKS sets, and what programs such as the GPU operator add.
func (c *check) nodeSelector(field, key, value string) {
	given, selected := c.w.NodeLabels()[key]
	switch {
	case c.env.Pool == nil:
	case nodelabel.Owned(key):
		if !strings.HasPrefix(key, "feature.node.kubernetes.io/") { // set by a program
			c.ownedLabel(field, key, value)
		}
	case selected && given != value:
		c.fail(diag.ReservedLabel, field,
			fmt.Sprintf("contradicts resource.labelSelector, which gives the nodes %s: %s", key, given), "remove one of them")
	case !selected && !strings.HasPrefix(key, "nvidia.com/") && !strings.HasPrefix(key, "amd.com/") &&
		!strings.HasPrefix(key, wellknown.PrefixKAITO):
		c.warn(diag.InvalidLabel, field, "is a label that the nodes of the pool do not have, unless another program sets it",
			"add it to resource.labelSelector.matchLabels, which gives it to the nodes")
	}
}

// secrets reports secrets that are written in a field. What is known to be a token is an error, as a plain Secret is;
// where only a name says so, it may be meant for something else.
func (c *check) secrets(field string, content map[string]any) {
	for _, f := range redact.Find(content) {
		const hint = "keep it in a Secret of the namespace; a variable takes it from there by valueFrom.secretKeyRef, " +
			"and arguments name the variable as $(NAME)"
		at := field + "." + f.Path
		if f.Token {
			c.fail(diag.PlainSecret, at, "holds a token, which all who read the repository can read", hint)
		} else {
			c.warn(diag.PlainSecret, at, "seems to hold a secret, which all who read the repository can read", hint)
		}
	}
}
