// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
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
	keeps   error // of every deletion
	silent  error // instead of every deletion
}

func (a *apiServer) Prune(ctx context.Context, objects []*cluster.Object) (cluster.ChangeSet, error) {
	if a.silent != nil {
		return nil, a.silent
	}
	if a.keeps == nil {
		return a.Kubernetes.Prune(ctx, objects)
	}
	var out cluster.ChangeSet
	for _, o := range objects {
		out = append(out, cluster.Entry{Ref: o.Ref, Result: cluster.Failed, Err: a.keeps})
	}
	return out, nil
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

// TestRefusedDeletionOfASharedObject: an object that belongs to no Workspace is not desired any more, so that only the
// live one says where it comes from. The simulation found it as a panic.
func TestRefusedDeletionOfASharedObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := reconciletest.New(t)
		s.Git.Push("t1.yaml", reconciletest.RandomFile(rand.New(rand.NewPCG(1, 1)), "t1"))
		server := &apiServer{Kubernetes: s.Kubernetes}
		parts := s.Parts()
		parts.Cluster = server
		l := reconcile.New(s.Settings(), parts)
		s.Passes(l, 4)
		s.Git.Remove("t1.yaml")
		server.keeps = errors.New("denied by a webhook")
		s.Passes(l, 2)
		says(t, file(s, "README.md"), "ConfigMap/qlora-params-template", "denied by a webhook")
		server.keeps = nil
		s.Settle(l)
		if left := s.Kubernetes.Refs(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	})
}

// TestRefusedDeletionOfAWorkspace: what the API server does not delete is not reported as removed, whether it refuses
// that or does not answer.
func TestRefusedDeletionOfAWorkspace(t *testing.T) {
	for name, api := range map[string]apiServer{
		"refused":   {keeps: errors.New("not permitted")},
		"no answer": {silent: errors.New("not permitted")},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Git.Push("a.yaml", reconciletest.Named(reconciletest.Phi, "a"))
				s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
				s.Settle(s.Loop())
				api.Kubernetes = s.Kubernetes
				parts := s.Parts()
				parts.Cluster = &api
				l := reconcile.New(s.Settings(), parts)
				s.Git.Remove("b.yaml")
				wantCondition(t, s.Passes(l, 3), "b", "not permitted")
				api.keeps, api.silent = nil, nil
				if got := states(s.Settle(l).Reports); len(got) != 1 {
					t.Errorf("afterwards: %v", got)
				}
			})
		})
	}
}

// TestPoolUnderAServerChangesItsOwner: another client deletes the pool of a server and makes one by the same name, and
// the server asks for another size. The simulation found it as a panic.
func TestPoolUnderAServerChangesItsOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := reconciletest.New(t)
		s.Git.Push("phi.yaml", reconciletest.Automatic)
		l := s.Loop()
		s.Settle(l)
		pool := s.Owned()[0]
		s.Azure.Lose(pool.Name)
		s.Azure.Put(capacity.LivePool{Name: pool.Name, Size: pool.Size, Count: 1, State: capacity.Succeeded})
		s.Git.Push("phi.yaml", reconciletest.Phi)
		s.Settle(l)
		if live := s.Azure.Find(pool.Name); live == nil || live.Owned || live.Count != 1 {
			t.Errorf("the pool of another owner is %+v", live)
		}
	})
}

// TestStatusThatAnotherClientChanges: what another writer does to the status is put right, also if nothing else
// happens. The simulation found that a status stayed as another process had left it.
func TestStatusThatAnotherClientChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := reconciletest.New(t)
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		want, commits := s.Git.Status(), len(s.Git.Messages)
		s.Git.Forge("default/phi.yaml", func(string) string { return "state: Ready\n" })
		for range 6 {
			l.Pass(t.Context(), reconciletest.All)
			s.Advance(5 * time.Minute)
		}
		for name, data := range want {
			if got := s.Git.Status()[name]; string(got) != string(data) {
				t.Errorf("%s is\n%s\nand was\n%s", name, got, data)
			}
		}
		if n := len(s.Git.Messages) - commits; n != 1 {
			t.Errorf("%d commits", n)
		}
	})
}
