// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"log/slog"

	"k8s.io/client-go/rest"

	"syncer.dev/syncer/internal/apply/inquiry"
	"syncer.dev/syncer/internal/apply/lease"
	"syncer.dev/syncer/internal/apply/occurrence"
	"syncer.dev/syncer/internal/apply/rights"
	"syncer.dev/syncer/internal/fence"
)

// InCluster reports whether syncer runs in the cluster: no kubeconfig says how to reach it, and the service account of
// the pod signs in, with the token at the place of rest.InClusterConfig.
func (c *Cluster) InCluster() bool {
	return c.config.BearerTokenFile == "/var/run/secrets/kubernetes.io/serviceaccount/token"
}

// Inquire returns what answers questions for the page: whose a token is, what it may list, and events. Its requests
// write nothing, and pass no fence; they are counted.
func (c *Cluster) Inquire() (*inquiry.API, error) { return inquiry.New(c.unfenced) }

// Emitter returns what creates Events, by syncer's own identity: an Event is no object of a team. Each passes the fence
// of its namespace, as Events may wait in a queue while the process is stopped.
func (c *Cluster) Emitter() occurrence.Emitter {
	config := rest.CopyConfig(c.unfenced)
	config.Wrap(fence.WrapByNamespace(c.options.MayWrite))
	return occurrence.Emitter{Config: config}
}

// Elect returns a candidate for the Lease, in the namespace of the pod, or of the kubeconfig, where the options name
// none. Its requests pass no fence; they are counted.
func (c *Cluster) Elect(o lease.Options, f *fence.Fence, log *slog.Logger) (*lease.Lease, error) {
	return lease.New(o, c.unfenced, c.namespace, f, log)
}

// Rights returns a client that asks what an identity may do: as another user, or as the one of the kubeconfig for "".
// Its requests pass no fence, as none of them changes anything; they are counted.
func (c *Cluster) Rights(as string) (*rights.Client, error) { return rights.New(c.unfenced, as) }
