// SPDX-License-Identifier: Apache-2.0

package install

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"

	"syncer.dev/syncer/internal/config"
)

// rolesText has what syncer uses of the API server in mode aks, as its audit log shows, without what "objects" names:
// docs/examples/rbac.yaml has that too. inNamespaces and inCluster make of it what a configuration needs.
//
//go:embed roles.yaml
var rolesText []byte

// The roles of rolesText, by where they are bound.
const (
	namespaceRole = Name            // in each namespace of Workspaces
	clusterRole   = Name + "-nodes" // in the cluster
	leaseRole     = Name + "-lease" // in the namespace of syncer
	pageRole      = Name + "-page"  // in the cluster, where tokens open the page
)

// roles returns the roles that the configuration needs, and their bindings.
func roles(o Options) ([]runtime.Object, error) {
	var out []runtime.Object
	dec := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(rolesText), 4096)
	for {
		var role rbacv1.ClusterRole
		err := dec.Decode(&role)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the roles: %w", err)
		}
		if role.Name == "" { // the comment at the top
			continue
		}
		if role.Name == pageRole && !opensByToken(o) {
			continue
		}
		role.Labels = meta(o, "").Labels
		switch role.Name {
		case namespaceRole:
			role.Rules = inNamespaces(role.Rules, o.Settings)
		case clusterRole:
			role.Rules = inCluster(role.Rules, o)
		}
		out = append(out, &role)
	}
	for _, ns := range o.Settings.Namespaces {
		out = append(out, binding(o, namespaceRole, ns))
	}
	out = append(out, binding(o, leaseRole, o.Namespace), clusterBinding(o, clusterRole))
	if opensByToken(o) {
		out = append(out, clusterBinding(o, pageRole))
	}
	return out, nil
}

// RightsOf returns the roles and their bindings among the objects, and the namespace that one of the bindings is in.
func RightsOf(objects []runtime.Object) []runtime.Object {
	return slices.DeleteFunc(slices.Clone(objects), func(o runtime.Object) bool {
		kind := o.GetObjectKind().GroupVersionKind()
		return kind.Group != rbacv1.GroupName && kind.Kind != "Namespace"
	})
}

func opensByToken(o Options) bool { return o.Settings.Page.Access == config.AccessToken }

func subjects(o Options) []rbacv1.Subject {
	return []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: Name, Namespace: o.Namespace}}
}

func binding(o Options, role, namespace string) *rbacv1.RoleBinding {
	m := meta(o, role)
	m.Namespace = namespace
	return &rbacv1.RoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
		ObjectMeta: m,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   subjects(o),
	}
}

func clusterBinding(o Options, role string) *rbacv1.ClusterRoleBinding {
	m := meta(o, role)
	m.Namespace = ""
	return &rbacv1.ClusterRoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRoleBinding"},
		ObjectMeta: m,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   subjects(o),
	}
}
