// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/aks/armsim"
)

// TestAnswersForTheFirstSize lets creating the first size end with answers of Azure for twelve hours, at once and after
// it was accepted, as they are and inside of wrappers: the second size serves within an hour, and Azure is asked for
// the first one a few times only.
func TestAnswersForTheFirstSize(t *testing.T) {
	door := newDoor(t)
	for _, tt := range []struct{ code, message string }{
		{
			"AvailabilityZoneNotSupported",
			"The zone(s) '2' for resource 'pool' is not supported. The supported zones for location 'region' are ''.",
		},
		{
			"InvalidTemplateDeployment",
			"The template deployment failed with error: 'The requested size for resource 'pool' is currently not available " +
				"in location 'region' zones '1,2,3''",
		},
		{"SkuNotAvailable", "The requested VM size is currently not available in location 'eastus'"},
		{"VMSizeNotSupported", "Virtual Machine size is not supported for subscription x"},
		{"AllocationFailed", "no capacity"},
		{"RequestDisallowedByPolicy", "Policy: Allowed virtual machine size SKUs"},
		{"SomethingNew", "a new text"},
	} {
		for _, atOnce := range []bool{true, false} {
			for _, wrapped := range []bool{true, false} {
				b := armsim.Behaviour{Fails: tt.code, Message: tt.message, AtOnce: atOnce}
				if wrapped {
					b = armsim.Behaviour{
						Fails: "CreateVMSSAgentPoolFailed", Message: "failed", AtOnce: atOnce,
						Details: []armsim.Detail{{Code: tt.code, Message: tt.message}},
					}
				}
				t.Run(fmt.Sprintf("%s, at once %t, wrapped %t", tt.code, atOnce, wrapped), func(t *testing.T) {
					s := door.sim(t, armsim.Options{})
					s.Behave(sizesOfTests[0], b)
					f := newFleet(t, s)
					f.targets["a"] = target{sizes: sizesOfTests, count: 1}
					served, named := time.Duration(0), false
					for at := time.Duration(0); at < 12*time.Hour; {
						f.pass()
						for _, e := range f.exec.Unavailable().Entries {
							named = named || strings.Contains(e.Reason, "SomethingNew")
						}
						step := 5 * time.Minute
						if at < time.Hour {
							step = time.Minute
						}
						s.Pass(step)
						at += step
						if f.wrong() == "" && served == 0 {
							served = at
						}
					}
					if served == 0 || served > time.Hour {
						t.Errorf("served after %s: %s", served, f.wrong())
					}
					tries := 0
					for _, w := range s.Log() {
						if w.Method == http.MethodPut && w.Pool == poolNameOf("a", sizesOfTests[0]) {
							tries++
						}
					}
					if tries > 6 {
						t.Errorf("asked %d times for the size that is refused", tries)
					}
					if tt.code == "SomethingNew" && !named {
						t.Error("the code is not named")
					}
				})
			}
		}
	}
}

// TestDiskThatDoesNotFit has hosts without room for an ephemeral OS disk: the pool of the same size gets a managed one.
func TestDiskThatDoesNotFit(t *testing.T) {
	door := newDoor(t)
	for _, tt := range []struct{ code, message string }{
		{"VMCacheSizeTooSmall", "The virtual machine size has a cache size of 0 bytes, but the OS disk requires more"},
		{"VMCannotFitEphemeralOSDisk", "The virtual machine size has a temporary disk size of 1 bytes"},
		{"BadRequest", "The Virtual Machine size does not support Ephemeral OS disk"},
	} {
		for _, atOnce := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, at once %t", tt.code, atOnce), func(t *testing.T) {
				s := door.sim(t, armsim.Options{})
				s.Behave(a100, armsim.Behaviour{Fails: tt.code, Message: tt.message, AtOnce: atOnce, FailsEphemeral: true})
				f := newFleet(t, s)
				f.targets["a"] = target{sizes: []string{a100}, count: 1}
				for range 60 {
					f.pass()
					s.Pass(time.Minute)
				}
				if wrong := f.wrong(); wrong != "" {
					t.Error(wrong)
				}
				writes := 0
				for _, w := range s.Log() {
					if w.Method == http.MethodPut {
						writes++
					}
				}
				if writes > 2 {
					t.Errorf("%d writes, want one that is refused and one that is not", writes)
				}
				for _, p := range s.pools(t) {
					if p.Owned && !p.ManagedDisk {
						t.Errorf("%+v has no managed disk", p)
					}
				}
			})
		}
	}
}

// pools lists the pools as they are.
func (s *sim) pools(t *testing.T) []capacity.LivePool {
	t.Helper()
	list, err := s.cloud(t, nil).Pools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}
