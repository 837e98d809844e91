// SPDX-License-Identifier: Apache-2.0

package page

import (
	"errors"
	"net/http"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/page/access"
)

// Guard lets next answer clients of this machine, which those of a port-forward are too, for any page.access. With
// Token it also lets it answer a client that may see something of the first cluster: by a token in the header
// "Authorization: Bearer", or by a session. All others get status 401, 403, 429 or 503, with the reason. A site may not
// send its visitors' browsers here.
func (p *Page) Guard(next http.Handler) http.Handler {
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		why := access.Loopback(r)
		if why == "" {
			next.ServeHTTP(w, r)
			return
		}
		if o := p.getOptions(); o.Access != Token || len(o.Clusters) == 0 {
			http.Error(w, why+"; forward the port of syncer (kubectl port-forward), or use page.access: token and a token",
				http.StatusForbidden)
			return
		}
		v, err := p.visit(r, p.now())
		switch {
		case err == nil && v.scope.Empty():
			http.Error(w, diag.EscapeText(v.scope.User)+" may not list Workspaces in any namespace of the cluster",
				http.StatusForbidden)
		case err == nil:
			next.ServeHTTP(w, r)
		case errors.Is(err, errSignIn), errors.Is(err, access.ErrUnknownToken):
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "a token that the cluster accepts is needed", http.StatusUnauthorized)
		case errors.Is(err, access.ErrTooMany):
			w.Header().Set("Retry-After", "10")
			http.Error(w, diag.EscapeText(err.Error()), http.StatusTooManyRequests)
		default:
			w.Header().Set("Retry-After", "10")
			http.Error(w, "access cannot be checked now: "+diag.EscapeText(err.Error()), http.StatusServiceUnavailable)
		}
	}))
}
