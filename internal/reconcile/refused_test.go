// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
)

// apiServer is the Kubernetes of the Simulator, which refuses StatefulSets when syncer writes them, or becomes
// unreachable then. The dry run of a preview succeeds.
type apiServer struct {
	*reconciletest.Kubernetes
	refuses error
	gone    error
}

func (a *apiServer) Apply(ctx context.Context, objects []*unstructured.Unstructured) (cluster.ChangeSet, error) {
	if a.gone != nil {
		return nil, a.gone
	}
	var accepted []*unstructured.Unstructured
	var refused cluster.ChangeSet
	for _, o := range objects {
		if a.refuses != nil && o.GetKind() == "StatefulSet" {
			refused = append(refused, cluster.Entry{Ref: cluster.RefOf(o), Result: cluster.Failed, Err: a.refuses})
			continue
		}
		accepted = append(accepted, o)
	}
	applied, err := a.Kubernetes.Apply(ctx, accepted)
	return append(applied, refused...), err
}

// TestRefusedObjectsCostNoGPU: the loop applies objects before it starts pools, and starts none for a Workspace with an
// object that the API server refuses or does not answer for.
func TestRefusedObjectsCostNoGPU(t *testing.T) {
	for name, text := range map[string]string{
		"pool of its own": reconciletest.Phi,
		"shared pool":     reconciletest.Automatic,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := reconciletest.New(t)
				s.Git.Push("phi.yaml", text)
				server := &apiServer{Kubernetes: s.Kubernetes, refuses: errors.New("denied by a webhook")}
				parts := s.Parts()
				parts.Cluster = server
				l := reconcile.New(s.Settings(), parts)
				for range 3 {
					if out := s.Pass(l, time.Minute); out.PoolWrites != 0 || out.Settled {
						t.Fatalf("%d pools written for refused objects: %v", out.PoolWrites, s.Azure.Written)
					}
				}
				server.refuses, server.gone = nil, reconciletest.ErrDown
				if out := s.Pass(l, time.Minute); out.PoolWrites != 0 {
					t.Fatalf("%d pools written for objects that Apply did not reach", out.PoolWrites)
				}
				server.gone = nil
				if out := s.Pass(l, time.Minute); out.PoolWrites != 1 {
					t.Fatalf("%d pools written for accepted objects, want 1", out.PoolWrites)
				}
			})
		})
	}
}
