// SPDX-License-Identifier: Apache-2.0

package imageref_test

import (
	"strings"
	"testing"

	"syncer.dev/syncer/internal/workspace/imageref"
)

func TestJudge(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	for ref, want := range map[string]string{
		"phi":                               "",
		"registry:5000/team/phi_4:v1":       "",
		"team.azurecr.io/phi@" + digest:     "",
		"team.azurecr.io/phi:v1@" + digest:  "",
		"ACR_REPO_HERE.azurecr.io/phi:1":    "write the name of an image in your registry instead",
		"team.azurecr.io/ADAPTER_HERE:1":    "write the name of an image in your registry instead",
		"team.azurecr.io/Phi:1":             "write team.azurecr.io/phi:1",
		"https://team.azurecr.io/phi":       "write registry/repository:tag",
		"phi:":                              "write registry/repository:tag",
		"phi 4":                             "write registry/repository:tag",
		"phi@sha256:0":                      "write registry/repository:tag",
		"":                                  "write registry/repository:tag",
		"phi:" + strings.Repeat("v", 128):   "",
		"phi:" + strings.Repeat("v", 128+1): "use a shorter name or tag",
		"registry.example/" + strings.Repeat("p", 255) + ":1":       "",
		"registry.example/" + strings.Repeat("p", 255+1) + ":1":     "use a shorter name or tag",
		"localhost/" + strings.Repeat("p/", 127) + "p":              "",
		strings.Repeat("p", 255+1) + "@" + digest:                   "use a shorter name or tag",
		strings.Repeat("p", 10_000):                                 "use a shorter name or tag",
		strings.Repeat("registry.example", 16) + "/phi:1@" + digest: "",
		"registry.example/" + strings.Repeat("P", 200) + "/phi@" + digest: "write registry.example/" +
			strings.Repeat("p", 200) + "/phi@" + digest,
	} {
		got := ""
		if fault := imageref.Judge(ref); fault != nil {
			if got = fault.Hint; fault.Message == "" {
				t.Errorf("%.100s: no message", ref)
			}
		}
		if got != want {
			t.Errorf("%.100s: %q, want %q", ref, got, want)
		}
	}
}

func TestPrivate(t *testing.T) {
	for ref, want := range map[string]string{
		"Team.azurecr.io/phi:1":                        "team.azurecr.io",
		"1.dkr.ecr.eu-west-1.amazonaws.com/phi":        "1.dkr.ecr.eu-west-1.amazonaws.com",
		"europe-docker.pkg.dev/a/b":                    "europe-docker.pkg.dev",
		"eu.gcr.io/a/b":                                "eu.gcr.io",
		"azurecr.io/phi":                               "",
		"team.azurecr.io.example.com/phi":              "",
		"mcr.microsoft.com/aks/kaito/kaito-base:0.1.0": "",
		"team.azurecr.io":                              "",
		"docker.io/team.azurecr.io/phi":                "",
	} {
		host, private := imageref.Private(ref)
		if private != (want != "") || private && host != want {
			t.Errorf("%s: %q %t, want %q", ref, host, private, want)
		}
	}
}
