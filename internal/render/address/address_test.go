// SPDX-License-Identifier: Apache-2.0

package address_test

import (
	"testing"

	"syncer.dev/syncer/internal/render/address"
)

func TestImageReference(t *testing.T) {
	for in, want := range map[string]string{
		"phi":                         "docker.io/library/phi:latest",
		"phi:1":                       "docker.io/library/phi:1",
		"team/phi":                    "docker.io/team/phi:latest",
		"localhost/phi:1":             "localhost/phi:1",
		"localhost:5000/phi":          "localhost:5000/phi:latest",
		"example.azurecr.io/a/b:0.1":  "example.azurecr.io/a/b:0.1",
		"example.azurecr.io/a@sha256": "example.azurecr.io/a@sha256",
	} {
		if got := address.ImageReference(in); got != want {
			t.Errorf("ImageReference(%q) = %q, want %q", in, got, want)
		}
	}
}
