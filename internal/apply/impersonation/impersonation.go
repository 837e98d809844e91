// SPDX-License-Identifier: Apache-2.0

// Package impersonation makes the writes to each namespace as a service account of that namespace, so that Kubernetes'
// own permissions bound what a team's folder can do, and its audit log names the team.
package impersonation

import (
	"net/http"
	"regexp"
)

// namespaced matches the paths of objects in a namespace, which is the first group.
var namespaced = regexp.MustCompile(`^(?:/[^/]+)*?/(?:api/v1|apis/[^/]+/[^/]+)/namespaces/([^/]+)/[^/]+`)

// Writes makes a transport send each write to an object of a namespace as the service account of that name there, dry
// runs included. Reads, and objects of no namespace, stay with the identity of the transport. With an empty name
// everything does.
//
// The groups are those of a service account that signs in by itself, see
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#service-account-tokens.
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
		r.Header.Set("Impersonate-User", "system:serviceaccount:"+m[1]+":"+name)
		r.Header["Impersonate-Group"] = []string{
			"system:serviceaccounts", "system:serviceaccounts:" + m[1], "system:authenticated",
		}
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
