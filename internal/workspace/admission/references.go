// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// references warns about Secrets and volume claims that are probably not there. KAITO does not look for them, and the
// pods then wait for ever. Where the cluster was not read, the rule doubts a name only if the repository has others of
// its kind in the namespace: then this is where they are made; volume claims are doubted even so. What a Secret holds
// is never read.
func (c *check) references() {
	live := map[string]map[workspace.Key]bool{"Secret": c.env.Facts.Secrets, "PersistentVolumeClaim": c.env.Facts.Claims}
	for _, r := range c.w.References() {
		if r.Kind != "ConfigMap" { // checked with its content
			c.reference(r, live[r.Kind])
		}
	}
	if in := c.w.Inference; in != nil {
		for i, a := range in.Adapters {
			if a.Source != nil {
				c.volume(fmt.Sprintf("inference.adapters[%d].source.volumeSource", i), a.Source.Volume)
			}
		}
	}
	if t := c.w.Tuning; t != nil {
		if t.Input != nil {
			c.volume("tuning.input.volumeSource", t.Input.Volume)
		}
		if t.Output != nil {
			c.volume("tuning.output.volumeSource", t.Output.Volume)
		}
	}
}

// dataKey warns about a key that an encrypted Secret does not have. Names of keys are not encrypted.
func (c *check) dataKey(r workspace.Reference, e *workspace.Encrypted) {
	if e == nil || r.DataKey == "" || slices.Contains(e.Keys, r.DataKey) {
		return
	}
	c.warn(
		diag.SecretKeyNotFound,
		r.Field,
		fmt.Sprintf("the encrypted Secret %s has no key %s", r.Name, r.DataKey),
		"its keys: "+strings.Join(e.Keys, ", "),
	)
}

// volume checks that a volume names one source.
func (c *check) volume(field string, v map[string]any) {
	switch sources := slices.Sorted(maps.Keys(v)); {
	case v != nil && len(sources) == 0:
		c.warn(
			diag.RequiredField,
			field,
			"names no volume, so the pods get an empty folder",
			"name one, such as persistentVolumeClaim",
		)
	case len(sources) > 1:
		c.fail(diag.ConflictingFields, field, "names several volumes: "+strings.Join(sources, ", "), "keep one of them")
	}
}

// reference looks for one object by name. live is nil where the cluster was not read.
func (c *check) reference(r workspace.Reference, live map[workspace.Key]bool) {
	field, kind, name := r.Field, r.Kind, r.Name
	if live[r.Key] || c.env.Facts.Unknown[r.Named] || !c.objectName(field, kind, name) {
		return
	}
	var names []string
	for _, o := range c.set.Objects {
		as := o.InCluster()
		if as.Kind != kind || as.Namespace != c.w.Namespace {
			continue
		}
		if as.Name == name {
			c.dataKey(r, o.Encrypted)
			return
		}
		names = append(names, as.Name)
	}
	where := "in the repository, which holds others of that kind"
	switch {
	case live == nil && len(names) == 0 && kind == "PersistentVolumeClaim":
		// Unlike Secrets, claims are commonly in the repository.
		c.warn(diag.ReferenceNotChecked, field,
			fmt.Sprintf("%s %s/%s is not in the repository, and syncer did not look for it in the cluster",
				kind, c.w.Namespace, name),
			r.Make()+"; the pods do not start without it")
		return
	case live == nil && len(names) == 0:
		return
	}
	if live != nil {
		where = "in the cluster or the repository"
		for k := range live {
			if k.Namespace == c.w.Namespace {
				names = append(names, k.Name)
			}
		}
	}
	hint := cmp.Or(didYouMean(name, names), r.Make()+"; the pods do not start without it")
	c.warn(diag.ReferenceNotFound, field, fmt.Sprintf("%s %s/%s is not %s", kind, c.w.Namespace, name, where), hint)
}
