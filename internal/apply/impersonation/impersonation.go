// SPDX-License-Identifier: Apache-2.0

// Package impersonation makes the writes to each namespace as a service account of that namespace, so that Kubernetes'
// own permissions bound what a team's folder can do, and its audit log names the team.
package impersonation

import (
	"maps"
	"net/http"
	"regexp"
	"strings"
)

// namespaced matches the paths of objects in a namespace, which is the first group.
var namespaced = regexp.MustCompile(`^(?:/[^/]+)*?/(?:api/v1|apis/[^/]+/[^/]+)/namespaces/([^/]+)/[^/]+`)

// Writes makes a transport send each write to an object of a namespace as the service account of that name there, dry
// runs included. Reads, and objects of no namespace, stay with the identity of the transport. With an empty name
// everything does.
//
// No groups are sent: the server adds those of a service account that signs in by itself, and would ask for the right
// to impersonate each one that is named, which is a right in the whole cluster. See
// https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/.
func Writes(name string, next http.RoundTripper) http.RoundTripper {
	if name == "" {
		return next
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		m := namespaced.FindStringSubmatch(r.URL.Path)
		if m == nil || r.Method == http.MethodGet {
			return next.RoundTrip(r)
		}
		r = r.Clone(r.Context())
		maps.DeleteFunc(r.Header, func(name string, _ []string) bool { return strings.HasPrefix(name, "Impersonate-") })
		r.Header.Set("Impersonate-User", "system:serviceaccount:"+m[1]+":"+name)
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
