// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/render"
)

// TestShortPassesSeeTimePass: where nothing changes but the time, a pass that ends at once misses no deadline, and says
// nothing that a thorough one would not.
func TestShortPassesSeeTimePass(t *testing.T) {
	const size = "Standard_NC24ads_A100_v4"
	fault := func(f *capacitytest.Fault) func(*reconciletest.Simulator) {
		return func(s *reconciletest.Simulator) {
			s.Azure.Set(func(fake *capacitytest.Fake) { fake.Once = append(fake.Once, f) })
		}
	}
	full := &capacity.CloudError{
		Class: capacity.ClassCapacity, Code: "AllocationFailed", Message: "Allocation failed.",
	}
	cache := render.NewCache()
	for name, prepare := range map[string]func(*reconciletest.Simulator){
		"GPUs that never appear":       func(s *reconciletest.Simulator) { s.Azure.Nodes.Late = 1000 },
		"an operation that never ends": fault(&capacitytest.Fault{Stuck: true}),
		"an operation that fails late": fault(&capacitytest.Fault{Late: full}),
		"no nodes": func(s *reconciletest.Simulator) {
			s.Azure.Set(func(f *capacitytest.Fake) { f.NoNodes = map[string]bool{size: true} })
		},
		"a size that is sold out": func(s *reconciletest.Simulator) {
			s.Azure.Set(func(f *capacitytest.Fake) { f.Refuse = map[string]*capacity.CloudError{size: full} })
		},
		"slow operations": func(s *reconciletest.Simulator) {
			s.Azure.Set(func(f *capacitytest.Fake) { f.Takes = 7 * time.Minute })
		},
		"pods that do not become ready": func(s *reconciletest.Simulator) { s.Azure.Nodes.Unready = true },
	} {
		t.Run(name, func(t *testing.T) {
			var lines [2][]string
			short := 0
			for which, thorough := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					s := reconciletest.New(t)
					s.Cache = cache
					prepare(s)
					s.Git.Push("phi.yaml", reconciletest.Phi)
					settings := s.Settings()
					settings.Thorough = thorough
					l := reconcile.New(settings, s.Parts())
					for i := range 150 {
						o := l.Pass(t.Context(), reconciletest.All)
						if o.Unchanged {
							short++
						}
						lines[which] = append(lines[which], said(s, o))
						s.Advance(time.Minute)
						if i == 100 {
							s.Azure.Nodes.Unready = false
						}
					}
				})
			}
			if at := firstDifference(lines[0], lines[1]); at >= 0 {
				t.Errorf("pass %d differs:\nshort:    %s\nthorough: %s", at, lineAt(lines[0], at), lineAt(lines[1], at))
			}
			if short == 0 {
				t.Error("no pass was short: the comparison shows nothing")
			}
			t.Log(short, "of 150 passes were short")
		})
	}
}
