// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"path/filepath"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/config"
	installation "syncer.dev/syncer/internal/install"
)

// TestImpersonation: syncer has the rights of its installation, and nothing else. A namespace is written as its service
// account, whose permissions bound what syncer does there, and which has the groups of a service account.
func TestImpersonation(t *testing.T) {
	_, ns := connect(t, shared.kubeconfig)
	settings := config.Default()
	settings.Namespaces, settings.Impersonate = []string{ns}, "deployer"
	c, err := Connect(Options{
		Kubeconfig: installed(t, installation.Options{Namespace: ns + "-syncer", Settings: settings}), Cluster: owner,
		Namespaces: []string{ns}, ServiceAccount: "deployer",
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Start(t.Context())
	observed(t, c, "the watches, as syncer itself", func(cluster.State) string { return "" })
	for _, tt := range []struct {
		name    string
		subject rbacv1.Subject
	}{
		{"user", rbacv1.Subject{Kind: "ServiceAccount", Name: "deployer", Namespace: ns}},
		{"all", rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: "system:serviceaccounts"}},
		{"own", rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: "system:serviceaccounts:" + ns}},
		{"anyone", rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: "system:authenticated"}},
	} {
		wanted := []*unstructured.Unstructured{configMap(t, ns, tt.name, "1")}
		observed(t, c, "a refusal that names the service account", func(cluster.State) string {
			changes, err := c.Apply(t.Context(), wanted)
			switch {
			case err != nil:
				return err.Error()
			case changes[0].Err == nil:
				return string(changes[0].Result)
			case !strings.Contains(changes[0].Err.Error(), "system:serviceaccount:"+ns+":deployer"):
				return changes[0].Err.Error()
			}
			return ""
		})
		bind(t, ns, tt.name, tt.subject)
		observed(t, c, "the permission of "+tt.name, func(cluster.State) string {
			out, err := c.Apply(t.Context(), wanted)
			if err != nil || out[0].Result != cluster.Created {
				return string(out[0].Result)
			}
			return ""
		})
	}
}

// bind lets a subject write the ConfigMap of a name.
func bind(t *testing.T, ns, name string, subject rbacv1.Subject) {
	t.Helper()
	r, object := shared.kube.RbacV1(), metav1.ObjectMeta{Name: name}
	named := rule("", []string{"create", "patch"}, "configmaps")
	named.ResourceNames = []string{name} // an apply has it in its path
	if _, err := r.Roles(ns).Create(t.Context(), &rbacv1.Role{
		ObjectMeta: object, Rules: []rbacv1.PolicyRule{named},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.RoleBindings(ns).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: object, Subjects: []rbacv1.Subject{subject},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// installed creates the rights of an installation, and returns a kubeconfig that signs in as its service account.
func installed(t *testing.T, o installation.Options) string {
	t.Helper()
	admin, err := clientcmd.LoadFromFile(shared.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.NewDefaultClientConfig(*admin, nil).ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	kube, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := installation.Objects(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range installation.RightsOf(objects) {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			t.Fatal(err)
		}
		u := client.ApplyConfigurationFromUnstructured(&unstructured.Unstructured{Object: content})
		if err := kube.Apply(t.Context(), u, client.FieldOwner("test"), client.ForceOwnership); err != nil {
			t.Fatal(err)
		}
	}
	accounts := shared.kube.CoreV1().ServiceAccounts(o.Namespace)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: installation.Name}}
	if _, err := accounts.Create(t.Context(), account, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	token, err := accounts.CreateToken(
		t.Context(), installation.Name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range admin.AuthInfos {
		*user = api.AuthInfo{Token: token.Status.Token}
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*admin, file); err != nil {
		t.Fatal(err)
	}
	return file
}
