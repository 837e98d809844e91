// SPDX-License-Identifier: Apache-2.0

package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// percentForm is a whole number of percent from 1 to 100.
var percentForm = regexp.MustCompile(`^([1-9][0-9]?|100)%$`)

// priorities are the values of annotation syncer.dev/priority.
var priorities = []string{"low", "normal", "high"}

// MaxOf returns the highest priority of each namespace that the configuration caps.
func (p Priority) MaxOf() map[string]string { return pairs(p.Max) }

// SharesOf returns the part of each quota and limit, in percent, that each namespace with a share may use.
func (p Priority) SharesOf() map[string]int {
	out := map[string]int{}
	for ns, text := range pairs(p.Shares) {
		if n, err := strconv.Atoi(strings.TrimSuffix(text, "%")); err == nil {
			out[ns] = n
		}
	}
	return out
}

// pairs splits items of the form KEY=VALUE.
func pairs(items []string) map[string]string {
	out := map[string]string{}
	for _, item := range items {
		key, value, _ := strings.Cut(item, "=")
		out[key] = value
	}
	return out
}

// priority checks the values below policy.priority: their form, namespaces that no Workspace may use, and namespaces
// that are listed twice.
func (c *check) priority() {
	c.byNamespace("policy.priority.max", c.Policy.Priority.Max, "write NAMESPACE=PRIORITY, such as experiments=normal",
		func(value string) bool { return slices.Contains(priorities, value) })
	c.byNamespace("policy.priority.shares", c.Policy.Priority.Shares, "write NAMESPACE=PERCENT, such as experiments=40%",
		percentForm.MatchString)
}

func (c *check) byNamespace(field string, items []string, form string, valid func(value string) bool) {
	seen := map[string]bool{}
	for _, item := range items {
		ns, value, _ := strings.Cut(item, "=")
		switch {
		case !namespace.MatchString(ns) || !valid(value):
			c.fail(diag.InvalidValue, field, form, "%q is not valid", item)
		case seen[ns]:
			c.fail(diag.ConflictingFields, field, "keep one of the two", "namespace %s is listed twice", ns)
		case !slices.Contains(c.Namespaces, ns):
			c.fail(diag.InvalidValue, field, "name one of namespaces, or add it there",
				"namespace %s is not one that Workspaces may use", ns)
		}
		seen[ns] = true
	}
}
