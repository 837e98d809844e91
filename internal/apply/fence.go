// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"log/slog"

	"syncer.dev/syncer/internal/apply/inquiry"
	"syncer.dev/syncer/internal/apply/lease"
	"syncer.dev/syncer/internal/fence"
)

// InCluster reports whether syncer runs in the cluster: no kubeconfig says how to reach it, and the service account of
// the pod signs in, with the token at the place of rest.InClusterConfig.
func (c *Cluster) InCluster() bool {
	return c.config.BearerTokenFile == "/var/run/secrets/kubernetes.io/serviceaccount/token"
}

// Elect returns a candidate for the Lease, in the namespace of the pod, or of the kubeconfig, where the options name
// none. Its requests pass no fence; they are counted.
func (c *Cluster) Elect(o lease.Options, f *fence.Fence, log *slog.Logger) (*lease.Lease, error) {
	return lease.New(o, c.unfenced, c.namespace, f, log)
}

// Inquire returns a client that asks what an identity may do: as another user, or as the one of the kubeconfig for "".
// Its requests pass no fence, as none of them changes anything; they are counted.
func (c *Cluster) Inquire(as string) (*inquiry.Client, error) { return inquiry.New(c.unfenced, as) }
