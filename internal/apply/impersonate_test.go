// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
)

// TestImpersonation: a namespace is written as its service account, whose permissions bound what syncer does there,
// although syncer itself may do everything.
func TestImpersonation(t *testing.T) {
	_, ns := connect(t, shared.kubeconfig)
	c, err := Connect(Options{
		Kubeconfig: shared.kubeconfig, Cluster: owner, Namespaces: []string{ns}, ServiceAccount: "deployer",
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	observed(t, c, "the watches, as syncer itself", func(cluster.State) string { return "" })
	wanted := []*unstructured.Unstructured{configMap(t, ns, "a", "1")}
	changes, err := c.Apply(t.Context(), wanted)
	if err != nil || changes[0].Err == nil ||
		!strings.Contains(changes[0].Err.Error(), "system:serviceaccount:"+ns+":deployer") {
		t.Errorf("the error names no service account: %+v, %v", changes, err)
	}
	r := shared.kube.RbacV1()
	object := metav1.ObjectMeta{Name: "deployer"}
	if _, err := r.Roles(ns).Create(t.Context(), &rbacv1.Role{ObjectMeta: object, Rules: []rbacv1.PolicyRule{
		rule("", []string{"create", "patch", "delete"}, "configmaps"),
	}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.RoleBindings(ns).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: object, Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: "deployer", Namespace: ns}},
		RoleRef: rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: "deployer"},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	observed(t, c, "the permission", func(cluster.State) string {
		out, err := c.Apply(t.Context(), wanted)
		if err != nil || out[0].Result != cluster.Created {
			return string(out[0].Result)
		}
		return ""
	})
}
