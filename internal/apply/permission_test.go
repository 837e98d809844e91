// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"syncer.dev/syncer/internal/cluster"
)

// TestKindsThatMayNotBeListed shows that syncer works without the permissions that only one mode needs: it gets objects
// of an unlistable kind one by one, and does not prune them.
func TestKindsThatMayNotBeListed(t *testing.T) {
	admin, ns := connect(t, shared.kubeconfig)
	definition := object(t, "", externalSecret)
	definition.SetNamespace("")
	definition.SetLabels(nil)
	definition.SetAnnotations(nil)
	install(t, admin, definition)
	user := permit(t, ns, []rbacv1.PolicyRule{
		rule("external-secrets.io", []string{"get", "create", "patch"}, "externalsecrets"),
	}, nil)
	c, err := Connect(Options{
		Kubeconfig: rewired(
			t,
			"client-certificate-data:",
			"as: "+user+"\n    client-certificate-data:",
		), Cluster: owner, Namespaces: []string{ns},
		Kinds: []string{"ExternalSecret.external-secrets.io"}, Foreign: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	observed(t, c, "what may be listed", func(cluster.State) string { return "" })
	secret := object(
		t,
		ns,
		"apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: token}\nspec: {refreshInterval: 1h}\n",
	)
	apply(t, c, cluster.Created, secret, configMap(t, ns, "a", "1"))
	apply(t, c, cluster.Unchanged, secret)
	observed(t, c, "only what may be listed", func(s cluster.State) string {
		if len(s.Objects) != 1 || s.Objects[0].Kind != "ConfigMap" {
			return fmt.Sprintf("%+v", s.Objects)
		}
		return ""
	})
}

func rule(group string, verbs []string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}

// permit makes a user with the permissions that all modes need, and some more. It returns the user's name.
func permit(t *testing.T, ns string, inNamespace, inCluster []rbacv1.PolicyRule) string {
	t.Helper()
	write, read := []string{"get", "list", "watch", "create", "patch", "delete"}, []string{"get", "list", "watch"}
	user := "limited-" + ns
	object := metav1.ObjectMeta{Name: user}
	subjects := []rbacv1.Subject{{Kind: "User", APIGroup: "rbac.authorization.k8s.io", Name: user}}
	ref := func(kind string) rbacv1.RoleRef {
		return rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: kind, Name: user}
	}
	r := shared.kube.RbacV1()
	_, err1 := r.Roles(ns).Create(t.Context(), &rbacv1.Role{ObjectMeta: object, Rules: append(
		inNamespace,
		rule(
			"apps",
			write,
			"statefulsets",
		),
		rule("batch", write, "jobs"),
		rule("", write, "services", "configmaps", "persistentvolumeclaims"),
		rule("", read, "pods"),
		rule("discovery.k8s.io", read, "endpointslices"),
	)}, metav1.CreateOptions{})
	_, err2 := r.RoleBindings(ns).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: object, Subjects: subjects, RoleRef: ref("Role"),
	}, metav1.CreateOptions{})
	_, err3 := r.ClusterRoles().Create(t.Context(), &rbacv1.ClusterRole{
		ObjectMeta: object, Rules: append(inCluster, rule("", []string{"list", "watch"}, "nodes")),
	}, metav1.CreateOptions{})
	_, err4 := r.ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: object, Subjects: subjects, RoleRef: ref("ClusterRole"),
	}, metav1.CreateOptions{})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	return user
}

// TestPermissionsOfKarpenter shows that those which the documentation lists are enough.
func TestPermissionsOfKarpenter(t *testing.T) {
	admin, ns := connect(t, shared.kubeconfig)
	install(t, admin, definitions(t)...)
	user := permit(t, ns, nil, []rbacv1.PolicyRule{
		rule(
			"karpenter.sh",
			[]string{"get", "list", "watch", "create", "patch", "delete"},
			"nodepools",
		), rule("karpenter.sh", []string{"list", "watch"}, "nodeclaims"),
	})
	c, err := Connect(Options{
		Kubeconfig: rewired(
			t,
			"client-certificate-data:",
			"as: "+user+"\n    client-certificate-data:",
		), Cluster: owner, Namespaces: []string{ns}, Karpenter: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	observed(t, c, "the first listing", func(cluster.State) string { return "" })
	pool := nodePool("permitted")
	eventually(t, "the NodePool to be created", func() string {
		changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{pool})
		if err != nil || changes[0].Result == cluster.Failed {
			return fmt.Sprint(changes, err)
		}
		return ""
	})
	s := observed(t, c, "the NodePool to be seen", func(s cluster.State) string {
		if len(s.NodePools) != 1 || !listed(c, "karpenter.sh", "NodeClaim") {
			return fmt.Sprintf("%+v", s.NodePools)
		}
		return ""
	})
	if changes, err := c.Prune(t.Context(), s.Objects); err != nil || changes[0].Result != cluster.Deleted {
		t.Errorf("%+v, %v", changes, err)
	}
}

// TestApplyCreates: the server asks for the right to create too where an apply makes an object, and for none but the
// one to patch where it does not. The audit log has the patch alone, so that TestPermissions of e2e relies on this.
func TestApplyCreates(t *testing.T) {
	_, ns := connect(t, shared.kubeconfig)
	config, err := clientcmd.BuildConfigFromFlags("", shared.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config.Impersonate.UserName = "patcher-" + ns
	r, object := shared.kube.RbacV1(), metav1.ObjectMeta{Name: "patcher"}
	_, err1 := r.Roles(ns).Create(t.Context(), &rbacv1.Role{
		ObjectMeta: object, Rules: []rbacv1.PolicyRule{rule("", []string{"patch"}, "configmaps")},
	}, metav1.CreateOptions{})
	_, err2 := r.RoleBindings(ns).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: object, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "patcher"},
		Subjects: []rbacv1.Subject{{Kind: "User", APIGroup: rbacv1.GroupName, Name: config.Impersonate.UserName}},
	}, metav1.CreateOptions{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	createAs(t, ns, "person", &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "there"}})
	maps := kubernetes.NewForConfigOrDie(config).CoreV1().ConfigMaps(ns)
	apply := func(name string) error {
		_, err := maps.Apply(t.Context(), corev1apply.ConfigMap(name, ns), metav1.ApplyOptions{FieldManager: "patcher"})
		return err
	}
	eventually(t, "the permission to patch", func() string {
		if err := apply("there"); err != nil {
			return err.Error()
		}
		return ""
	})
	if err := apply("new"); err == nil || !strings.Contains(err.Error(), `cannot create resource "configmaps"`) {
		t.Errorf("an apply of a new object: %v", err)
	}
}
