// SPDX-License-Identifier: Apache-2.0

package install

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/workspace/load"
)

// The rules of this file depend on the configuration. TestPermissions in internal/e2e runs syncer with each of them,
// and compares what it is given with what the audit log shows: nothing is missing, and nothing is unused.

// reading and writing are the verbs for objects that syncer applies. It reads as itself, and writes as the service
// account that "impersonate" names.
var (
	reading = []string{"get", "list", "watch"}
	writing = []string{"create", "delete", "patch"}
)

// applying are the verbs for objects that syncer itself applies, sorted as in the generated roles.
var applying = slices.Sorted(slices.Values(slices.Concat(reading, writing)))

// inNamespaces returns the rules in each namespace of Workspaces.
func inNamespaces(generated []rbacv1.PolicyRule, c config.Config) []rbacv1.PolicyRule {
	out := slices.Concat(generated, ofObjects(generated, c.Objects))
	if c.Impersonate == "" {
		return out
	}
	for i, rule := range out {
		if applies(rule) {
			out[i].Verbs = reading
		}
	}
	return append(out, rbacv1.PolicyRule{
		APIGroups:     []string{""},
		Resources:     []string{"serviceaccounts"},
		ResourceNames: []string{c.Impersonate},
		Verbs:         []string{"impersonate"},
	})
}

// applies reports whether a rule is about objects that syncer applies. It creates Events too, but as itself.
func applies(rule rbacv1.PolicyRule) bool { return slices.Contains(rule.Verbs, "patch") }

// ofObjects returns the rules for the kinds of plain objects that no generated rule is about: those of load for nil.
func ofObjects(generated []rbacv1.PolicyRule, kinds []string) []rbacv1.PolicyRule {
	if kinds == nil {
		kinds = load.DefaultObjects
	}
	given := appliedBy(generated)
	var out []rbacv1.PolicyRule
	for _, name := range kinds {
		kind, group, _ := strings.Cut(name, ".")
		if resource := plural(kind); !slices.Contains(given, resource+"."+group) {
			given = append(given, resource+"."+group)
			out = append(out, rbacv1.PolicyRule{
				APIGroups: []string{group}, Resources: []string{resource}, Verbs: slices.Clone(applying),
			})
		}
	}
	return out
}

// appliedBy lists what rules let syncer apply, as RESOURCE.GROUP.
func appliedBy(rules []rbacv1.PolicyRule) []string {
	var out []string
	for _, rule := range rules {
		if applies(rule) {
			for _, resource := range rule.Resources {
				out = append(out, resource+"."+rule.APIGroups[0])
			}
		}
	}
	return out
}

// plural returns the name of the resource of a kind, by the rules of English, as kinds are usually named. No server is
// asked.
func plural(kind string) string {
	name := strings.ToLower(kind)
	switch stem, y := strings.CutSuffix(name, "y"); {
	case y && !strings.ContainsAny(stem[max(0, len(stem)-1):], "aeiou"):
		return stem + "ies"
	case strings.HasSuffix(name, "s"):
		return name + "es"
	}
	return name + "s"
}

// inCluster returns the rules in the cluster. Nodes of Karpenter go when Karpenter says so, so that the pods of others
// on them do not matter.
func inCluster(generated []rbacv1.PolicyRule, o Options) []rbacv1.PolicyRule {
	if !o.NodePools {
		return generated
	}
	out := slices.Clone(generated)
	for i := range out {
		isPods := func(resource string) bool { return resource == pods }
		out[i].Resources = slices.DeleteFunc(slices.Clone(out[i].Resources), isPods)
	}
	class := o.Settings.Capacity.Karpenter.NodeClass
	return append(out,
		rbacv1.PolicyRule{
			APIGroups: []string{"karpenter.sh"}, Resources: []string{"nodepools"}, Verbs: slices.Clone(applying),
		},
		rbacv1.PolicyRule{
			APIGroups: []string{"karpenter.sh"}, Resources: []string{"nodeclaims"}, Verbs: []string{"list", "watch"},
		},
		rbacv1.PolicyRule{ // to report one that is missing
			APIGroups: []string{class.Group}, Resources: []string{plural(class.Kind)}, Verbs: []string{"get"},
		},
	)
}

const pods = "pods"
