// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/render"
)

// onSpot is a Workspace on spot machines; the size is "" for one that leaves it out.
func onSpot(text string) string {
	return strings.Replace(text, "{name: phi}", `{name: phi, annotations: {syncer.dev/spot: "true"}}`, 1)
}

// file returns a file of the status branch.
func file(s *reconciletest.Simulator, name string) string { return string(s.Git.Status()[name]) }

// says checks that a text has others in it, despite the escapes between their words.
func says(t *testing.T, text string, others ...string) {
	t.Helper()
	for _, w := range others {
		if !strings.Contains(words(text), words(w)) {
			t.Errorf("no %q in:\n%s", w, text)
		}
	}
}

// rendered is what all simulations here share: rendered objects do not depend on Azure.
var rendered = render.NewCache()

// TestSpotMachineIsTaken lets Azure take the machine of a spot pool back and have no other for three hours.
func TestSpotMachineIsTaken(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Cache = rendered
		s.Git.Push("phi.yaml", onSpot(reconciletest.Phi))
		l := s.Loop()
		s.Settle(l)
		pool := s.Owned()[0].Name
		s.Azure.Set(func(f *capacitytest.Fake) { f.NoNodes = map[string]bool{"Standard_NC24ads_A100_v4": true} })
		s.Azure.Evict(pool)
		before := len(s.Azure.Written)
		s.Passes(l, 6)
		says(t, file(s, "default/phi.yaml"), "PoolSpotTaken", "Azure took them back", "waits for Azure to have some")
		if n := len(s.Azure.Written) - before; n != 1 {
			t.Errorf("asked %d times within minutes, want once", n)
		}
		for minute := range 174 {
			s.Pass(l, time.Minute)
			text := file(s, "default/phi.yaml")
			if strings.Contains(text, "driver") {
				t.Fatalf("after %d minutes a driver is to blame:\n%s", minute, text)
			}
			if !strings.Contains(text, "spot machine") {
				t.Fatalf("after %d minutes the status does not say what is missing:\n%s", minute, text)
			}
		}
		if n := len(s.Azure.Written) - before; n < 3 || n > 8 {
			t.Errorf("asked for another %d times in three hours: %v", n, s.Azure.Written)
		}
		s.Heal()
		s.Advance(4 * time.Hour)
		s.Settle(l)
	})
}

// TestSpotWithoutSizeMovesOn has another size for a Workspace that leaves its size out.
func TestSpotWithoutSizeMovesOn(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Cache = rendered
		s.Git.Push("phi.yaml", onSpot(reconciletest.Automatic))
		l := s.Loop()
		s.Settle(l)
		first := s.Owned()[0]
		s.Azure.Set(func(f *capacitytest.Fake) { f.NoNodes = map[string]bool{first.Size: true} })
		s.Azure.Evict(first.Name)
		s.Passes(l, 60)
		s.Settle(l)
		for _, p := range s.Owned() {
			if p.Size == first.Size {
				t.Errorf("an hour later it still waits for %s: %s", first.Size, s)
			}
		}
	})
}

// TestMachineThatComesBackIsNotAskedFor restarts the node of a spot pool: nothing is written.
func TestMachineThatComesBackIsNotAskedFor(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Cache = rendered
		s.Git.Push("phi.yaml", onSpot(reconciletest.Phi))
		l := s.Loop()
		s.Settle(l)
		before := len(s.Azure.Written)
		s.Azure.Set(func(f *capacitytest.Fake) { f.Stopped = true }) // the nodes are away, the pools not yet stopped
		s.Pass(l, 30*time.Second)
		s.Azure.Set(func(f *capacitytest.Fake) { f.Stopped = false })
		s.Passes(l, 30)
		if got := s.Azure.Written[before:]; len(got) > 0 {
			t.Errorf("written %v", got)
		}
	})
}

// TestClusterThatStopsAndWakes stops the cluster for a night. Nothing is written meanwhile, nor once it is back; syncer
// stops with it, and starts with it.
func TestClusterThatStopsAndWakes(t *testing.T) {
	for name, stays := range map[string]bool{"syncer runs elsewhere": true, "syncer stops too": false} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Cache = rendered
				s.Git.Push("phi.yaml", reconciletest.Phi)
				l := s.Loop()
				s.Settle(l)
				before := len(s.Azure.Written)
				s.Azure.Set(func(f *capacitytest.Fake) { f.Stopped = true })
				s.Git.Push("other.yaml", reconciletest.Named(reconciletest.Phi, "other"))
				if stays {
					for range 32 {
						s.Pass(l, 15*time.Minute)
					}
					says(t, file(s, "README.md"), "the cluster is stopped", "az aks start")
				}
				s.Advance(8 * time.Hour)
				s.Azure.Nodes.Late = 8 // the nodes boot
				s.Azure.Set(func(f *capacitytest.Fake) { f.Stopped = false })
				if !stays {
					l = s.Loop()
				}
				s.Settle(l)
				diff(t, "writes for the Workspace that is new", []string{"create"}, operations(s)[before:])
				if len(s.Azure.Refused) > 0 {
					t.Errorf("refused %v", s.Azure.Refused)
				}
			})
		})
	}
}

// TestUnknownCodeMovesOn has Azure answer with a code that syncer does not know: after a few equal answers another size
// is created, and the code is named in the status, the metric and capacity.yaml.
func TestUnknownCodeMovesOn(t *testing.T) {
	for name, out := range map[string]func(*capacitytest.Fake, map[string]*capacity.CloudError){
		"refused":     func(f *capacitytest.Fake, e map[string]*capacity.CloudError) { f.Refuse = e },
		"failed late": func(f *capacitytest.Fake, e map[string]*capacity.CloudError) { f.Fail = e },
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Cache = rendered
				choice := firstChoice(t)
				s.Azure.Set(func(f *capacitytest.Fake) {
					out(f, map[string]*capacity.CloudError{choice: capacitytest.Error("SomethingNew", "it is new")})
				})
				s.Git.Push("phi.yaml", reconciletest.Automatic)
				l := s.Loop()
				var failures int
				named := false
				for range 60 {
					s.Pass(l, time.Minute)
					named = named || strings.Contains(file(s, "default/phi.yaml"), "SomethingNew")
				}
				for f, n := range s.Health.PoolFailures() {
					if f.Code == "SomethingNew" && f.Class == capacity.ClassUnknown {
						failures += n
					}
				}
				if sizes := ownedSizes(s); len(sizes) != 1 || sizes[0] == choice {
					t.Errorf("sizes %v an hour after %s failed: %s", sizes, choice, s)
				}
				if !named || failures < 3 || failures > 4 {
					t.Errorf("the status names the code: %t; the metric counts %d", named, failures)
				}
				says(t, file(s, "capacity.yaml"), "code: SomethingNew")
			})
		})
	}
}

// TestOneTryForTheCluster takes the role away for a day: one pool is tried rarely for all of them, and everything goes
// on by itself once the role is back.
func TestOneTryForTheCluster(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Cache = rendered
		l := s.Loop()
		refusal := capacitytest.Error("AuthorizationFailed", "The client does not have authorization")
		s.Azure.Set(func(f *capacitytest.Fake) {
			f.Refuse = map[string]*capacity.CloudError{"Standard_NC24ads_A100_v4": refusal}
		})
		for i := range 5 {
			name := fmt.Sprintf("w%d", i)
			s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Phi, name))
		}
		for range 24 * 6 {
			s.Pass(l, 10*time.Minute)
		}
		if n := len(s.Azure.Refused); n < 3 || n > 8 {
			t.Errorf("%d tries in a day for 5 pools: %v", n, s.Azure.Refused)
		}
		for i := range 5 {
			text := file(s, fmt.Sprintf("default/w%d.yaml", i))
			says(t, text, "PoolPermission", "az role assignment create")
		}
		s.Heal()
		s.Advance(6 * time.Hour)
		s.Settle(l)
	})
}

// TestGiveBackIsRefused removes a Workspace while Azure refuses every write to its pool.
func TestGiveBackIsRefused(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Cache = rendered
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		s.Git.Remove("phi.yaml")
		for range 180 {
			s.Azure.Set(func(f *capacitytest.Fake) {
				f.Once = []*capacitytest.Fault{{Refuse: capacitytest.Error("AuthorizationFailed",
					"The client does not have authorization to perform action agentPools/write")}}
			})
			s.Pass(l, time.Minute)
		}
		capacityFile, readme := file(s, "capacity.yaml"), file(s, "README.md")
		says(t, capacityFile, "notReleased:", "AuthorizationFailed", "since:", "hourlyCost: \"3.67\"")
		says(t, readme, "not given back", "3.67 USD/h", "AuthorizationFailed", "az role assignment create", "since")
		since := func() string {
			_, after, _ := strings.Cut(file(s, "capacity.yaml"), "since: ")
			at, _, _ := strings.Cut(after, "\n")
			return at
		}
		first := since()
		s.Azure.Set(func(f *capacitytest.Fake) { f.Once = nil })
		s.Azure.Set(func(f *capacitytest.Fake) {
			f.Once = []*capacitytest.Fault{{Refuse: capacitytest.Error("AuthorizationFailed", "no")}}
		})
		l = s.Loop()
		s.Passes(l, 2)
		if again := since(); again != first {
			t.Errorf("after a restart it is since %s, not %s", again, first)
		}
		s.Heal()
		s.Advance(12 * time.Hour)
		s.Settle(l)
		if text := file(s, "README.md"); strings.Contains(text, "not given back") {
			t.Errorf("after the deletion:\n%s", text)
		}
	})
}
