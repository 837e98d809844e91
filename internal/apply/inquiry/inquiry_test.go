// SPDX-License-Identifier: Apache-2.0

package inquiry_test

import (
	"errors"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"syncer.dev/syncer/internal/apply/inquiry"
	"syncer.dev/syncer/internal/page/access"
	"syncer.dev/syncer/internal/testenv"
)

// TestInquiry asks a real API server about service accounts: one without a role, and one that may list the Workspaces
// of a namespace.
func TestInquiry(t *testing.T) {
	cluster := testenv.StartCluster(t)
	config, err := clientcmd.BuildConfigFromFlags("", cluster.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	api, err := inquiry.New(config)
	if err != nil {
		t.Fatal(err)
	}
	token := tokenOf(t, kube, "viewer")
	who, err := api.Identify(t.Context(), token)
	if err != nil || who.User != "system:serviceaccount:default:viewer" || len(who.Groups) == 0 {
		t.Fatalf("%+v, %v", who, err)
	}
	if _, err := api.Identify(t.Context(), token+"x"); !errors.Is(err, access.ErrUnknownToken) {
		t.Errorf("a wrong token: %v", err)
	}
	for _, namespace := range []string{"default", ""} {
		if may, err := api.MayList(t.Context(), who, namespace); err != nil || may {
			t.Errorf("without a role, in %q: %t, %v", namespace, may, err)
		}
	}
	grant(t, kube)
	testenv.Eventually(t, "the role to count", func() string {
		if may, err := api.MayList(t.Context(), who, "default"); err != nil || !may {
			return "it does not"
		}
		return ""
	})
	for _, namespace := range []string{"kube-system", ""} {
		if may, err := api.MayList(t.Context(), who, namespace); err != nil || may {
			t.Errorf("with a role elsewhere, in %q: %t, %v", namespace, may, err)
		}
	}
	admin := access.Identity{User: "someone", Groups: []string{"system:masters"}}
	if may, err := api.MayList(t.Context(), admin, ""); err != nil || !may {
		t.Errorf("an administrator: %t, %v", may, err)
	}
	testEvents(t, kube, api)
}

func tokenOf(t *testing.T, kube kubernetes.Interface, name string) string {
	t.Helper()
	accounts := kube.CoreV1().ServiceAccounts("default")
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := accounts.Create(t.Context(), account, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	r, err := accounts.CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Status.Token
}

func grant(t *testing.T, kube kubernetes.Interface) {
	t.Helper()
	meta := metav1.ObjectMeta{Name: "see-workspaces"}
	_, err1 := kube.RbacV1().Roles("default").Create(t.Context(), &rbacv1.Role{
		ObjectMeta: meta,
		Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"kaito.sh"}, Resources: []string{"workspaces"}, Verbs: []string{"list"},
		}},
	}, metav1.CreateOptions{})
	_, err2 := kube.RbacV1().RoleBindings("default").Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: meta,
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: "viewer", Namespace: "default"}},
		RoleRef:    rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: meta.Name},
	}, metav1.CreateOptions{})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
}

// testEvents reads the events of two objects, the newest first, and none of others.
func testEvents(t *testing.T, kube kubernetes.Interface, api *inquiry.API) {
	t.Helper()
	began := time.Date(2026, 6, 18, 9, 0, 0, 0, time.UTC)
	for i, e := range []struct{ kind, name, reason string }{
		{"Pod", "phi-0", "Scheduled"},
		{"Pod", "other-0", "Scheduled"},
		{"StatefulSet", "phi", "SuccessfulCreate"},
		{"Pod", "phi-0", "BackOff"},
	} {
		_, err := kube.CoreV1().Events("default").Create(t.Context(), &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{GenerateName: "e-", Namespace: "default"},
			InvolvedObject: corev1.ObjectReference{Kind: e.kind, Name: e.name, Namespace: "default"},
			Reason:         e.reason, Message: "x", LastTimestamp: metav1.NewTime(began.Add(time.Duration(i) * time.Minute)),
			Count: int32(i),
		}, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
	}
	all, err := api.Events(t.Context(), "default", []string{"StatefulSet/phi", "Pod/phi-0", "ConfigMap/phi"})
	if err != nil || len(all) != 3 || all[0].Reason != "BackOff" || all[0].Count != 3 ||
		all[1].Object != "StatefulSet/phi" || all[2].Count != 1 {
		t.Errorf("%+v, %v", all, err)
	}
}
