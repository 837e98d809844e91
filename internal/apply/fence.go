// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"log/slog"
	"net/http"

	"k8s.io/client-go/rest"

	"syncer.dev/syncer/internal/apply/lease"
	"syncer.dev/syncer/internal/fence"
)

// fenced makes a transport ask for permission right before each request that writes. A dry run does not write.
func fenced(mayWrite func() error) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet || r.URL.Query().Has("dryRun") {
				return next.RoundTrip(r)
			}
			if err := mayWrite(); err != nil {
				if r.Body != nil {
					_ = r.Body.Close() // as every RoundTripper has to
				}
				return nil, err
			}
			return next.RoundTrip(r)
		})
	}
}

// InCluster reports whether syncer runs in the cluster: no kubeconfig says how to reach it, and the service account of
// the pod signs in.
func (c *Cluster) InCluster() bool { return c.config.BearerTokenFile == serviceAccountToken }

// serviceAccountToken is where Kubernetes mounts the token of a pod's service account, as in rest.InClusterConfig.
const serviceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token"

// Elect returns a candidate for the Lease, in the namespace of the pod, or of the kubeconfig, where the options name
// none. Its requests pass no fence; they are counted.
func (c *Cluster) Elect(o lease.Options, f *fence.Fence, log *slog.Logger) (*lease.Lease, error) {
	if o.Namespace == "" {
		o.Namespace = c.namespace
	}
	client, err := rest.HTTPClientFor(c.unfenced)
	if err != nil {
		return nil, err
	}
	return lease.New(o, c.unfenced, client, f, log)
}
