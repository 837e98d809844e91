// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"

	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/page/session"
	"syncer.dev/syncer/internal/status"
)

// rolesFile has the roles that the documentation gives to syncer, and installedRoles those that "syncer install" gives
// to it. Both are made from the audit log of this test.
const (
	rolesFile      = "../../docs/examples/rbac.yaml"
	installedRoles = "../install/roles.yaml"
)

// optional are permissions that syncer asks for and does without: docs/operating.md says what it knows less then.
var optional = []permission{{"get", "", "secrets", namespaceRole}}

// permission is one verb on one resource, in one of the roles.
type permission struct{ verb, group, resource, role string }

func (p permission) String() string {
	return fmt.Sprintf("%s %s in role %s", p.verb, strings.TrimSuffix(p.resource+"."+p.group, "."), p.role)
}

// TestPermissions runs syncer as a user with the roles of the documentation, through the life of its objects. The audit
// log of the API server then shows that nothing was forbidden, and that each verb of the roles was used. With -update
// it runs as an administrator, and writes the roles from what was used.
func TestPermissions(t *testing.T) {
	audit := filepath.Join(t.TempDir(), "audit.log")
	e := setup(t, "-audit", audit)
	const user = "syncer-limited"
	roles := readRoles(t)
	if golden.Update() {
		roles = map[string][]rbacv1.PolicyRule{"cluster-admin": nil}
	}
	if _, err := e.kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: leaseNamespace},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	e.grant(user, roles)
	configured, err := os.ReadFile(e.config)
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "key")
	write(t, key, session.Random())
	write(t, e.config, string(configured)+"lease: {enabled: always, namespace: "+leaseNamespace+"}\n"+
		"page: {access: token, keyFile: "+key+"}\n")
	data, err := os.ReadFile(e.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	write(t, e.kubeconfig, strings.Replace(
		string(data), "client-certificate-data:", "as: "+user+"\n    client-certificate-data:", 1))
	e.live()
	used, forbidden := requestsOf(t, audit, user)
	for _, p := range forbidden {
		if !slices.Contains(optional, p) {
			t.Errorf("%s is forbidden", p)
		}
	}
	used = slices.DeleteFunc(used, func(p permission) bool { return slices.Contains(optional, p) })
	golden.Equal(t, rolesFile, rolesText(used))
	golden.Equal(t, installedRoles, rolesText(used))
	for _, p := range granted(readRoles(t)) {
		if !slices.Contains(used, p) {
			t.Errorf("%s is granted, and never used", p)
		}
	}
}

// live leads objects of each kind through their life: created, changed, changed by another client, and deleted.
func (e *env) live() {
	e.Helper()
	const plain = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\ndata: {a: %q}\n---\n" +
		"apiVersion: v1\nkind: PersistentVolumeClaim\n" +
		"metadata: {name: cache, namespace: default, annotations: {syncer.dev/prune: enabled, example.com/a: %q}}\n" +
		"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"
	e.repo.Commit(map[string]string{
		"workspaces/stays.yaml": inference("stays", "phi-4-mini-instruct"),
		"workspaces/phi.yaml":   inference("phi", "phi-4-mini-instruct"),
		"workspaces/tune.yaml":  tuning("tune"),
		"workspaces/plain.yaml": fmt.Sprintf(plain, "1", "1"),
	}, "all")
	p := e.start("run")
	e.waitState("phi", status.Ready)
	follower := &replica{process: e.start("run")} // it watches the Lease
	follower.waitRole("follower, ")
	e.waitState("tune", status.Succeeded)
	e.seen(p, follower.process)
	e.repo.Commit(map[string]string{
		"workspaces/phi.yaml": strings.Replace(inference("phi", "phi-4-mini-instruct"), "metadata: {name: phi}",
			"metadata: {name: phi, annotations: {kaito.sh/enablelb: \"True\"}}", 1),
		"workspaces/tune.yaml":  strings.Replace(tuning("tune"), "tuned:0.0.1", "tuned:0.0.2", 1),
		"workspaces/plain.yaml": fmt.Sprintf(plain, "2", "2"),
	}, "change")
	services := e.kube.CoreV1().Services("default")
	e.eventually("the Service to be a load balancer", func() string {
		s, err := services.Get(e.Context(), "phi", metav1.GetOptions{})
		if err != nil || s.Spec.Type != "LoadBalancer" {
			return fmt.Sprintf("%s, %v", s.Spec.Type, err)
		}
		return ""
	})
	e.drifts()
	e.repo.Remove("no more", "workspaces/phi.yaml", "workspaces/tune.yaml", "workspaces/plain.yaml")
	e.eventually("all but one Workspace to be gone", func() string {
		for name := range e.ours() {
			if strings.Contains(name, "/phi") || strings.Contains(name, "/tune") || strings.HasSuffix(name, "/settings") {
				return name
			}
		}
		claim, err := e.kube.CoreV1().PersistentVolumeClaims("default").Get(e.Context(), "cache", metav1.GetOptions{})
		if err == nil && claim.DeletionTimestamp == nil { // no controller here takes its finalizer off
			return "the volume claim"
		}
		return ""
	})
	follower.kill()
	p.kill()
}

// drifts changes the StatefulSet as another client, and waits until syncer has set it back.
func (e *env) drifts() {
	e.Helper()
	sets := e.kube.AppsV1().StatefulSets("default")
	if _, err := sets.Patch(e.Context(), "phi", types.MergePatchType, []byte(`{"spec":{"replicas":0}}`),
		metav1.PatchOptions{FieldManager: "person"}); err != nil {
		e.Fatal(err)
	}
	e.eventually("the drift to be corrected", func() string {
		s, err := sets.Get(e.Context(), "phi", metav1.GetOptions{})
		if err != nil || *s.Spec.Replicas == 0 {
			return fmt.Sprintf("%v", err)
		}
		return ""
	})
}

// requestsOf returns what a user has asked the API server for, and what of it was forbidden, each sorted.
func requestsOf(t *testing.T, audit, user string) (used, forbidden []permission) {
	t.Helper()
	file, err := os.Open(audit)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	usedSet, forbiddenSet := map[permission]bool{}, map[permission]bool{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct {
			Verb, RequestURI string
			User             struct{ Username string }
			ImpersonatedUser struct{ Username string }
			ObjectRef        *struct{ Resource, Subresource, Namespace, APIGroup string }
			ResponseStatus   struct{ Code int }
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		o := event.ObjectRef
		if event.ImpersonatedUser.Username != user && event.User.Username != user || o == nil || o.Resource == "" {
			continue
		}
		name := strings.Trim(o.Resource+"/"+o.Subresource, "/")
		p := permission{event.Verb, o.APIGroup, name, roleOf(o.APIGroup, o.Namespace)}
		if event.ResponseStatus.Code == 403 {
			forbiddenSet[p] = true
			continue
		}
		usedSet[p] = true
		if event.ResponseStatus.Code == 201 && p.verb == "patch" { // server-side apply also needs the right to create
			p.verb = "create"
			usedSet[p] = true
		}
		if p.verb = event.Verb; p.verb == "patch" && p.role == namespaceRole {
			p.verb = "get" // of the live object, where the watch is behind: whether it is depends on the machine
			usedSet[p] = true
		}
		if strings.Contains(event.RequestURI, "sendInitialEvents=true") { // servers that cannot stream are asked for a list
			p.verb = "list"
			usedSet[p] = true
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(usedSet) == 0 {
		t.Fatal("the audit log has no request of syncer")
	}
	compare := func(a, b permission) int {
		return strings.Compare(a.group+a.resource+a.verb, b.group+b.resource+b.verb)
	}
	return slices.SortedFunc(maps.Keys(usedSet), compare), slices.SortedFunc(maps.Keys(forbiddenSet), compare)
}

// The names of the roles: one for each namespace of Workspaces, one for the cluster, and one for the namespace of the
// Lease.
const namespaceRole, clusterRole, leaseRole, pageRole = "syncer", "syncer-nodes", "syncer-lease", "syncer-page"

// leaseNamespace is that of the Lease in the test.
const leaseNamespace = "syncer"

// roleOf returns the role for what is asked of an API group.
func roleOf(group, namespace string) string {
	if group == "authentication.k8s.io" || group == "authorization.k8s.io" {
		return pageRole
	}
	return roleIn(namespace)
}

// roleIn returns the role for what is asked in a namespace, or in the cluster for "".
func roleIn(namespace string) string {
	switch namespace {
	case "":
		return clusterRole
	case leaseNamespace:
		return leaseRole
	}
	return namespaceRole
}

// rolesText returns the manifests of the roles with exactly these permissions. Resources with equal verbs share a rule.
func rolesText(all []permission) string {
	var b strings.Builder
	b.WriteString("# What syncer needs in Kubernetes. Bind the first role in each namespace of the configuration by a\n" +
		"# RoleBinding, the second one by a ClusterRoleBinding, and the third one, for the election of one of several\n" +
		"# replicas, by a RoleBinding in the namespace of the Lease. The fourth one is for page.access: token alone; bind\n" +
		"# it by a ClusterRoleBinding. Generated from the audit log of the API server by \"make generate\".\n")
	for _, role := range []string{namespaceRole, clusterRole, leaseRole, pageRole} {
		fmt.Fprintf(&b, "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"+
			"metadata: {name: %s}\nrules:\n", role)
		verbs, resources := map[[2]string][]string{}, map[string][]string{}
		for _, p := range all {
			if p.role == role {
				k := [2]string{p.group, p.resource}
				verbs[k] = append(verbs[k], p.verb)
			}
		}
		for k, v := range verbs {
			rule := fmt.Sprintf("%q|%s", k[0], strings.Join(v, ", "))
			resources[rule] = append(resources[rule], k[1])
		}
		for _, rule := range slices.Sorted(maps.Keys(resources)) {
			group, verbs, _ := strings.Cut(rule, "|")
			fmt.Fprintf(&b, "- {apiGroups: [%s], resources: [%s], verbs: [%s]}\n", group,
				strings.Join(slices.Sorted(slices.Values(resources[rule])), ", "), verbs)
		}
	}
	return b.String()
}

// readRoles returns the rules of the roles, by name.
func readRoles(t *testing.T) map[string][]rbacv1.PolicyRule {
	t.Helper()
	data, err := os.ReadFile(rolesFile)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]rbacv1.PolicyRule{}
	for d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096); ; {
		var role rbacv1.ClusterRole
		if err := d.Decode(&role); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		if role.Name != "" {
			out[role.Name] = role.Rules
		}
	}
}

// granted lists the permissions of the roles.
func granted(roles map[string][]rbacv1.PolicyRule) []permission {
	var out []permission
	for name, rules := range roles {
		for _, r := range rules {
			for _, resource := range r.Resources {
				for _, verb := range r.Verbs {
					out = append(out, permission{verb, r.APIGroups[0], resource, name})
				}
			}
		}
	}
	return out
}

// grant binds the roles to a user: clusterRole and cluster-admin in the cluster, others in their namespaces.
func (e *env) grant(user string, roles map[string][]rbacv1.PolicyRule) {
	e.Helper()
	r := e.kube.RbacV1()
	subjects := []rbacv1.Subject{{Kind: "User", APIGroup: "rbac.authorization.k8s.io", Name: user}}
	for name, rules := range roles {
		object := metav1.ObjectMeta{Name: cmp.Or(name, user)}
		ref := rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: name}
		var err error
		if rules != nil {
			_, err = r.ClusterRoles().Create(e.Context(), &rbacv1.ClusterRole{ObjectMeta: object, Rules: rules},
				metav1.CreateOptions{})
		} else {
			object.Name = user
		}
		if namespace, ok := map[string]string{namespaceRole: "default", leaseRole: leaseNamespace}[name]; err == nil && ok {
			_, err = r.RoleBindings(namespace).Create(e.Context(), &rbacv1.RoleBinding{
				ObjectMeta: object, Subjects: subjects, RoleRef: ref,
			}, metav1.CreateOptions{})
		} else if err == nil {
			_, err = r.ClusterRoleBindings().Create(e.Context(), &rbacv1.ClusterRoleBinding{
				ObjectMeta: object, Subjects: subjects, RoleRef: ref,
			}, metav1.CreateOptions{})
		}
		if err != nil {
			e.Fatal(err)
		}
	}
	e.eventually("the API server to know the roles", func() string {
		r, err := e.kube.AuthorizationV1().SubjectAccessReviews().Create(e.Context(), &authorizationv1.SubjectAccessReview{
			Spec: authorizationv1.SubjectAccessReviewSpec{
				User:               user,
				ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "watch", Resource: "nodes"},
			},
		}, metav1.CreateOptions{})
		if err != nil || !r.Status.Allowed {
			return fmt.Sprintf("%+v, %v", r.Status, err)
		}
		return ""
	})
}
