// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// TestIdentity: each UID and version of any form comes back as it was, and differs from each other one.
func TestIdentity(t *testing.T) {
	texts := []string{
		"", "0", "1", "01", "7", "18446744073709551615", "18446744073709551616", "-1", "+1", "1_0", "0x1", "a", " 1",
		"00000000-0000-0000-0000-000000000000", "00000000-0000-4000-8000-000000000019",
		"7c9e6679-7425-40de-944b-e07fc1f90ae7", "7C9E6679-7425-40DE-944B-E07FC1F90AE7", "7c9e6679-7425-40de-944b-e07fc1f90ae",
		"7c9e6679074250-40de0944b0e07fc1f90ae", "7c9e6679_7425_40de_944b_e07fc1f90ae7",
		"7c9e667974254-0de944be07fc1f90ae7xxx",
	}
	identity := func(uid, version string) Identity {
		u := &unstructured.Unstructured{Object: map[string]any{}}
		u.SetUID(types.UID(uid))
		u.SetResourceVersion(version)
		return IdentityOf(u)
	}
	for _, a := range texts {
		for _, b := range texts {
			i := identity(a, b)
			if i.UID() != a || i.resourceVersion() != b {
				t.Errorf("%q and %q are %q and %q", a, b, i.UID(), i.resourceVersion())
			}
			j := identity(b, a)
			if i.sameUID(&j) != (a == b) || i.sameVersion(&j) != (a == b) {
				t.Errorf("%q and %q are the same", a, b)
			}
		}
	}
}

// TestMetadataForInformers: informers see what is kept of the metadata, and nothing of the rest.
func TestMetadataForInformers(t *testing.T) {
	u := &unstructured.Unstructured{Object: map[string]any{"kind": "Service", "apiVersion": "v1"}}
	u.SetNamespace("n")
	u.SetName("a")
	u.SetUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")
	u.SetResourceVersion("7")
	u.SetGeneration(3)
	o := Applied(u, true, nil)
	for generation, m := range map[int64]metav1.Object{3: o.GetObjectMeta(), 0: o.Identity.GetObjectMeta()} {
		if m.GetNamespace() != "n" || m.GetName() != "a" || m.GetUID() != u.GetUID() || m.GetResourceVersion() != "7" ||
			m.GetGeneration() != generation || m.GetLabels() != nil {
			t.Errorf("metadata is %s/%s, %s, %s, %d", m.GetNamespace(), m.GetName(), m.GetUID(), m.GetResourceVersion(),
				m.GetGeneration())
		}
	}
	if n := testing.AllocsPerRun(100, func() { _ = o.GetObjectMeta() }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
