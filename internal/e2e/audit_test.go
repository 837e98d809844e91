// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// permission is one verb on one resource, in one of the roles.
type permission struct{ verb, group, resource, role string }

func (p permission) String() string {
	return fmt.Sprintf("%s %s in role %s", p.verb, strings.TrimSuffix(p.resource+"."+p.group, "."), p.role)
}

// event is a line of the audit log.
type event struct {
	Verb             string
	User             struct{ Username string }
	ImpersonatedUser struct{ Username string }
	ObjectRef        *struct{ Resource, Subresource, Namespace, APIGroup string }
	ResponseStatus   struct {
		Code    int
		Message string
	}
}

// requestsOf returns what a user has asked the API server for, and what of it was forbidden, each sorted. What it has
// asked for as a service account of a namespace of Workspaces is in the role that has the name of the account.
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
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		if e.User.Username != user || e.ObjectRef == nil || e.ObjectRef.Resource == "" {
			continue
		}
		used, forbidden := e.permissions()
		for _, p := range used {
			usedSet[p] = true
		}
		for _, p := range forbidden {
			forbiddenSet[p] = true
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(usedSet)+len(forbiddenSet) == 0 {
		t.Fatal("the audit log has no request of syncer")
	}
	return slices.SortedFunc(maps.Keys(usedSet), byResource), slices.SortedFunc(maps.Keys(forbiddenSet), byResource)
}

func byResource(a, b permission) int {
	return strings.Compare(a.group+a.resource+a.verb+a.role, b.group+b.resource+b.verb+b.role)
}

// permissions returns those that a request has used, and those that it lacked. It counts nothing that it has not asked
// for: neither a list where it has streamed one by a watch, nor a get where it has written.
func (e event) permissions() (used, forbidden []permission) {
	o := e.ObjectRef
	p := permission{e.Verb, o.APIGroup, strings.Trim(o.Resource+"/"+o.Subresource, "/"), roleOf(o.APIGroup, o.Namespace)}
	impersonates := permission{"impersonate", "", "serviceaccounts", p.role}
	if e.ResponseStatus.Code == 403 && strings.Contains(e.ResponseStatus.Message, "cannot impersonate") {
		return nil, []permission{impersonates}
	}
	if as := e.ImpersonatedUser.Username; as != "" {
		used = append(used, impersonates)
		p.role = as[strings.LastIndexByte(as, ':')+1:]
	}
	if e.ResponseStatus.Code == 403 {
		// A server-side apply of an object that is new needs the right to create, beside the one to patch. The message
		// names the one that is missing.
		if strings.Contains(e.ResponseStatus.Message, `cannot create resource`) {
			p.verb = "create"
		}
		return used, []permission{p}
	}
	used = append(used, p)
	if e.ResponseStatus.Code == 201 && p.verb == "patch" { // see TestApplyCreates of package apply
		p.verb = "create"
		used = append(used, p)
	}
	return used, nil
}

// The names of the roles: one for each namespace of Workspaces, one for the cluster, and one for the namespace of the
// Lease.
const namespaceRole, clusterRole, leaseRole, pageRole = "syncer", "syncer-nodes", "syncer-lease", "syncer-page"

// leaseNamespace is that of the Lease in the test, or the beginning of it.
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
	switch {
	case namespace == "":
		return clusterRole
	case strings.HasPrefix(namespace, leaseNamespace):
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
		"# it by a ClusterRoleBinding. They are for modes aks and byo; \"syncer install --rights\" prints those of other\n" +
		"# configurations. Generated from the audit log of the API server by \"make generate\".\n")
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

// granted lists the permissions of the roles among objects.
func granted(t *testing.T, objects []*unstructured.Unstructured) []permission {
	t.Helper()
	var out []permission
	for _, o := range objects {
		if o.GetKind() != "ClusterRole" && o.GetKind() != "Role" {
			continue
		}
		var role rbacv1.ClusterRole
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role); err != nil {
			t.Fatal(err)
		}
		for _, r := range role.Rules {
			for _, resource := range r.Resources {
				for _, verb := range r.Verbs {
					out = append(out, permission{verb, r.APIGroups[0], resource, role.Name})
				}
			}
		}
	}
	return out
}

// without returns the permissions that others lack, as texts.
func without(all, others []permission) []string {
	var out []string
	for _, p := range all {
		if !slices.Contains(others, p) {
			out = append(out, p.String())
		}
	}
	return out
}

// TestRequestsOf: each line of an audit log counts as what it asks for, and as nothing else.
func TestRequestsOf(t *testing.T) {
	const object = `"objectRef":{"resource":"configmaps","namespace":"team","apiGroup":""}`
	for _, tt := range []struct{ line, used, forbidden string }{
		{`"verb":"patch",` + object + `,"responseStatus":{"code":200}`, "[patch configmaps in role syncer]", "[]"},
		{
			`"verb":"patch",` + object + `,"responseStatus":{"code":201}`,
			"[create configmaps in role syncer patch configmaps in role syncer]", "[]",
		},
		{
			`"verb":"watch","requestURI":"/api/v1/namespaces/team/configmaps?sendInitialEvents=true&watch=true",` + object +
				`,"responseStatus":{"code":200}`,
			"[watch configmaps in role syncer]", "[]",
		},
		{`"verb":"list",` + object + `,"responseStatus":{"code":403}`, "[]", "[list configmaps in role syncer]"},
		{
			`"verb":"patch",` + object + `,"responseStatus":{"code":403,"message":"x cannot create resource \"configmaps\""}`,
			"[]", "[create configmaps in role syncer]",
		},
		{
			`"verb":"patch",` + object + `,"responseStatus":{"code":403,"message":"x cannot impersonate resource \"groups\""}`,
			"[]", "[impersonate serviceaccounts in role syncer]",
		},
		{
			`"verb":"delete","impersonatedUser":{"username":"system:serviceaccount:team:deployer"},` + object +
				`,"responseStatus":{"code":200}`,
			"[delete configmaps in role deployer impersonate serviceaccounts in role syncer]", "[]",
		},
	} {
		audit := filepath.Join(t.TempDir(), "audit.log")
		other := `{"verb":"get","user":{"username":"other"},` + object + "}\n"
		write(t, audit, other+`{"user":{"username":"u"},`+tt.line+"}\n")
		used, forbidden := requestsOf(t, audit, "u")
		if fmt.Sprint(used) != tt.used || fmt.Sprint(forbidden) != tt.forbidden {
			t.Errorf("%s: used %v, forbidden %v; want %s, %s", tt.line, used, forbidden, tt.used, tt.forbidden)
		}
	}
}
