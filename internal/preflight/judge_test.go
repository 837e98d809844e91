// SPDX-License-Identifier: Apache-2.0

package preflight_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/install"
	"syncer.dev/syncer/internal/preflight"
)

var here = preflight.Installation{
	Config: "syncer.yaml", Namespace: "syncer", Account: "syncer", Branch: "syncer/status",
	Subscription: "s", Group: "models", Cluster: "demo",
}

func ok(detail string) preflight.Answer { return preflight.Answer{State: preflight.OK, Detail: detail} }

// rights are those of an installation with one namespace.
func rights(t *testing.T) []preflight.Right {
	t.Helper()
	objects, err := install.Objects(install.Options{Settings: config.Default()})
	if err != nil {
		t.Fatal(err)
	}
	return preflight.Rights(objects)
}

// facts are in order, but for the rights, which the function gives.
func facts(t *testing.T, allowed func(preflight.Right) bool) preflight.Facts {
	t.Helper()
	f := preflight.Facts{
		GitRead: ok("at commit 1234567"), GitWrite: ok(""), Server: ok(""), User: "system:serviceaccount:syncer:syncer",
		Namespaces: []preflight.Namespace{{Name: "default", Answer: ok("")}},
		GPU: preflight.Nodes{
			Answer: ok(""), GPUs: []preflight.Node{{Name: "gpu-0", Size: "Standard_NC24ads_A100_v4", Ready: true, Offered: 1}},
		},
		Azure: &preflight.Cloud{Pools: ok("2 agent pools"), Quota: ok(""), Sizes: ok("")},
	}
	for _, r := range rights(t) {
		f.Rights = append(f.Rights, preflight.Granted{Right: r, Allowed: allowed(r)})
	}
	return f
}

func all(preflight.Right) bool  { return true }
func none(preflight.Right) bool { return false }

// TestRights says that each verb of each role is asked for, where the role is bound.
func TestRights(t *testing.T) {
	places := map[string]bool{}
	for _, r := range rights(t) {
		places[r.Role+" in "+r.Namespace] = true
	}
	want := map[string]bool{"syncer in default": true, "syncer-lease in syncer": true, "syncer-nodes in ": true}
	if diff := cmp.Diff(want, places); diff != "" {
		t.Error(diff)
	}
	text := fmt.Sprint(rights(t))
	for _, want := range []string{"patch statefulsets.apps", "watch nodes", "update leases.coordination.k8s.io"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
}

// TestJudge compares the lines of several situations with a golden file.
func TestJudge(t *testing.T) {
	missing := preflight.Answer{State: preflight.Missing, Detail: "AuthorizationFailed: no"}
	cases := []struct {
		name string
		edit func(*preflight.Facts)
		can  func(preflight.Right) bool
	}{
		{"all is in order", func(*preflight.Facts) {}, all},
		{"the service account has no role", func(*preflight.Facts) {}, none},
		{"a role of an earlier version", func(*preflight.Facts) {}, func(r preflight.Right) bool {
			return r.Resource != "endpointslices" && r.Resource != "jobs"
		}},
		{"another user", func(f *preflight.Facts) { f.User = "o'hara@example.com" }, none},
		{"another service account", func(f *preflight.Facts) { f.User = "system:serviceaccount:ci:deploy" }, none},
		{"the API server does not answer", func(f *preflight.Facts) {
			f.Azure, f.Server = nil, preflight.Answer{State: preflight.Failed, Detail: "connection refused"}
		}, none},
		{"Azure refuses", func(f *preflight.Facts) {
			f.Azure = &preflight.Cloud{Pools: missing, Quota: missing, Sizes: missing}
		}, all},
		{"a question fails", func(f *preflight.Facts) { f.Rights[0].Error, f.Rights[0].Allowed = "timeout", false }, all},
		{"a node without GPUs", func(f *preflight.Facts) { f.GPU.GPUs[0].Offered = 0 }, all},
		{"a node that is not ready", func(f *preflight.Facts) {
			f.GPU.GPUs[0].Offered, f.GPU.GPUs[0].Ready = 0, false
		}, all},
		{"a DaemonSet alone", func(f *preflight.Facts) {
			f.GPU.GPUs, f.GPU.Plugins, f.GPU.PluginsKnown = nil, []string{"gpu-resources/nvidia-device-plugin"}, true
		}, all},
		{"no DaemonSet", func(f *preflight.Facts) { f.GPU.GPUs, f.GPU.PluginsKnown = nil, true }, all},
	}
	var out strings.Builder
	for _, c := range cases {
		f := facts(t, c.can)
		c.edit(&f)
		fmt.Fprintf(&out, "# %s\n", c.name)
		for _, l := range preflight.Judge(here, f) {
			if l.State == preflight.OK && c.name != "all is in order" && l.Area != preflight.GPU {
				continue
			}
			fmt.Fprintf(&out, "%s %s %s: %s\n", l.State, l.Area, l.Check, l.Detail)
			if l.Fix != "" {
				fmt.Fprintf(&out, "    %s\n", l.Fix)
			}
		}
	}
	golden.Equal(t, "testdata/judge.txt", out.String())
}
