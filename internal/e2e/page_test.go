// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// seen signs in to the page of one replica with the token of a service account, and looks at a Workspace on both.
func (e *env) seen(leader, follower *process) {
	e.Helper()
	token := e.reader("page-reader")
	jar, err := cookiejar.New(nil)
	if err != nil {
		e.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	resp, err := browser.PostForm("http://"+leader.address()+"/sign-in", url.Values{"token": {token}})
	if err != nil {
		e.Fatal(err)
	}
	resp.Body.Close()
	const path = "/clusters/" + clusterName + "/workspaces/default/phi"
	for _, p := range []*process{leader, follower} { // the jar, as browsers, does not tell ports apart
		e.eventually("the page of a Workspace", func() string {
			resp, err := browser.Get("http://" + p.address() + path)
			if err != nil {
				return err.Error()
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				return err.Error()
			}
			for _, want := range []string{"InferenceReady", "phi-0", "Pending -&gt; Ready", "SuccessfulCreate"} {
				if !strings.Contains(string(body), want) {
					return fmt.Sprintf("%d, without %q: %s", resp.StatusCode, want, body)
				}
			}
			return ""
		})
	}
	if code, body := leader.get(path); !strings.Contains(body, "Sign in to syncer") {
		e.Errorf("without a session: %d %s", code, body)
	}
}

// reader returns the token of a service account that may list Workspaces in the namespace default.
func (e *env) reader(name string) string {
	e.Helper()
	meta := metav1.ObjectMeta{Name: name}
	accounts := e.kube.CoreV1().ServiceAccounts("default")
	_, err1 := accounts.Create(e.Context(), &corev1.ServiceAccount{ObjectMeta: meta}, metav1.CreateOptions{})
	_, err2 := e.kube.RbacV1().Roles("default").Create(e.Context(), &rbacv1.Role{
		ObjectMeta: meta, Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"kaito.sh"}, Resources: []string{"workspaces"}, Verbs: []string{"list"},
		}},
	}, metav1.CreateOptions{})
	_, err3 := e.kube.RbacV1().RoleBindings("default").Create(e.Context(), &rbacv1.RoleBinding{
		ObjectMeta: meta, Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: name, Namespace: "default"}},
		RoleRef: rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: name},
	}, metav1.CreateOptions{})
	r, err4 := accounts.CreateToken(e.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		e.Fatal(err)
	}
	return r.Status.Token
}
