// SPDX-License-Identifier: Apache-2.0

package health

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/cluster"
)

// TestHealth: conditions, built-in kinds, and what cannot be judged.
func TestHealth(t *testing.T) {
	const conditions = "status: {conditions: "
	const secret = "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: x, generation: 2}\n"
	for name, tt := range map[string]struct {
		text string
		want cluster.HealthState
	}{
		"ready": {secret + conditions + "[{type: Ready, status: 'True'}]}", cluster.Healthy},
		"not ready": {
			secret + conditions + "[{type: Ready, status: 'False', message: denied}]}",
			cluster.HealthInProgress,
		},
		"stalled": {
			secret + conditions + "[{type: Stalled, status: 'True', message: denied}]}",
			cluster.HealthFailed,
		},
		"not seen yet": {secret + "status: {observedGeneration: 1}", cluster.HealthInProgress},
		"a claim":      {"apiVersion: v1\nkind: PersistentVolumeClaim\nstatus: {phase: Bound}", cluster.Healthy},
		"an unbound claim": {
			"apiVersion: v1\nkind: PersistentVolumeClaim\nstatus: {phase: Pending}",
			cluster.HealthInProgress,
		},
		"conditions that are none": {secret + conditions + "x}", cluster.HealthUnknown},
	} {
		u := &unstructured.Unstructured{}
		data, err := yaml.YAMLToJSON([]byte(tt.text))
		if err == nil {
			err = u.UnmarshalJSON(data)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := Of(u); got.State != tt.want || (got.State != cluster.Healthy) != (got.Message != "") {
			t.Errorf("%s: %+v, want %s", name, got, tt.want)
		}
	}
}
