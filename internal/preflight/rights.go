// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Right is one verb on one resource, which a role gives in one place.
type Right struct {
	Role      string
	Namespace string // "" is the whole cluster
	Verb      string
	Group     string
	Resource  string
	Name      string // of the one object that the role names; "" is all
}

// String names the right as kubectl does: "patch statefulsets.apps".
func (r Right) String() string {
	text := r.Verb + " " + strings.TrimSuffix(r.Resource+"."+r.Group, ".")
	if r.Name != "" {
		text += "/" + r.Name
	}
	return text
}

// Rights lists each right that the roles among the objects give where they are bound, in the order of the bindings.
func Rights(objects []runtime.Object) []Right {
	roles := map[string]*rbacv1.ClusterRole{}
	for _, o := range objects {
		if role, ok := o.(*rbacv1.ClusterRole); ok {
			roles[role.Name] = role
		}
	}
	var out []Right
	for _, o := range objects {
		switch b := o.(type) {
		case *rbacv1.RoleBinding:
			out = append(out, given(roles[b.RoleRef.Name], b.Namespace)...)
		case *rbacv1.ClusterRoleBinding:
			out = append(out, given(roles[b.RoleRef.Name], "")...)
		}
	}
	return out
}

// given lists what a role gives in a namespace; nil is a role that is not among the objects.
func given(role *rbacv1.ClusterRole, namespace string) []Right {
	if role == nil {
		return nil
	}
	var out []Right
	for _, rule := range role.Rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, name := range names {
					for _, verb := range rule.Verbs {
						out = append(out, Right{role.Name, namespace, verb, group, resource, name})
					}
				}
			}
		}
	}
	return out
}
