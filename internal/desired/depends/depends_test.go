// SPDX-License-Identifier: Apache-2.0

package depends

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/workspace"
)

const (
	image  = "example.azurecr.io/t:1"
	first  = "sha256:aaaa"
	second = "sha256:bbbb"
)

func key(name string) workspace.Key { return workspace.Key{Namespace: "default", Name: name} }

// adapted are a tuning and a server with its result.
func adapted() []workspace.Workspace {
	return []workspace.Workspace{
		{Key: key("s"), Digest: "s1", Inference: &workspace.Inference{Adapters: []workspace.Adapter{
			{Source: &workspace.DataSource{Name: "mine", Image: image}},
		}}},
		{Key: key("t"), Digest: "t1", Tuning: &workspace.Tuning{Output: &workspace.DataDestination{Image: image}}},
	}
}

func job(inputs string, digest string) cluster.Workload {
	w := cluster.Workload{Ref: cluster.Ref{Kind: "Job"}, Inputs: inputs, Complete: true}
	w.Pods = []cluster.Pod{{Name: "t-x"}}
	if digest != "" {
		w.Pods[0].Pushed = cluster.Image{Name: image, Digest: digest}
	}
	return w
}

func server(inputs string) cluster.Workload {
	return cluster.Workload{
		Ref: cluster.Ref{Kind: "StatefulSet"}, Inputs: inputs, Current: true, Replicas: 1, Ready: 1, Endpoints: 1,
	}
}

func reported(inputs, digest string) map[workspace.Key]rollout.Reported {
	return map[workspace.Key]rollout.Reported{key("t"): {
		Output: cluster.Image{Name: image, Digest: digest}, OutputOf: inputs,
	}}
}

func TestAdapters(t *testing.T) {
	const waits = " (which pushes the adapter example.azurecr.io/t:1)"
	none := map[workspace.Key]rollout.Reported{}
	failed, running := job("t1", ""), job("t1", "")
	failed.Complete, failed.Failed, running.Complete = false, true, false
	for name, tt := range map[string]struct {
		workloads map[workspace.Key]cluster.Workload
		reported  map[workspace.Key]rollout.Reported
		wait      string
		serves    string // the image, if it is by digest
		notes     int
	}{
		"nothing is there": {nil, none, "waits for default/t, which is not done" + waits, "", 0},
		"the tuning runs": {
			map[workspace.Key]cluster.Workload{key("t"): running},
			none,
			"waits for default/t, which is not done" + waits, "", 0,
		},
		"the tuning failed": {
			map[workspace.Key]cluster.Workload{key("t"): failed}, none, "waits for default/t, which failed" + waits, "", 0,
		},
		"done": {map[workspace.Key]cluster.Workload{key("t"): job("t1", first)}, none, "", "@" + first, 0},
		"done, and status cannot be read": {
			map[workspace.Key]cluster.Workload{key("t"): job("t1", first)}, nil, "", "@" + first, 0,
		},
		"done, and the pod is gone": {
			map[workspace.Key]cluster.Workload{key("t"): job("t1", "")}, reported("t1", first), "", "@" + first, 0,
		},
		"done, and the digest is unknown": {
			map[workspace.Key]cluster.Workload{key("t"): job("t1", "")}, none, "", "", 1,
		},
		"done again, and only the last digest is known": {
			map[workspace.Key]cluster.Workload{key("t"): job("t1", "")}, reported("t0", first), "", "", 1,
		},
		"an earlier version of the tuning is done": {
			map[workspace.Key]cluster.Workload{key("t"): job("t0", first)},
			reported("t0", first),
			"waits for default/t, which is not done" + waits, "", 0,
		},
		"it serves the last result while the next is made": {
			map[workspace.Key]cluster.Workload{key("t"): running, key("s"): server("s1")},
			reported("t0", first),
			"", "@" + first, 0,
		},
		"it takes the next result": {
			map[workspace.Key]cluster.Workload{key("t"): job("t1", second), key("s"): server("s1")},
			reported("t0", first),
			"", "@" + second, 0,
		},
		"its file changes while the next is made": {
			map[workspace.Key]cluster.Workload{key("t"): running, key("s"): server("s0")},
			reported("t0", first),
			"waits for default/t, which is not done" + waits, "", 0,
		},
		"it serves, and the last result is not known": {
			map[workspace.Key]cluster.Workload{key("t"): running, key("s"): server("s1")},
			none,
			"waits for default/t, which is not done" + waits, "", 0,
		},
		"it serves, and the status branch cannot be read": {
			map[workspace.Key]cluster.Workload{key("t"): job("t1", ""), key("s"): server("s1")},
			nil,
			"waits for default/t, whose result is on the status branch, which cannot be read" + waits, "", 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			set := &workspace.Set{Workspaces: adapted()}
			got := Of(Input{Set: set, Workloads: tt.workloads, Reported: tt.reported})
			images, notes := got.Adapters[key("s")], got.Notes[key("s")]
			want := ""
			if tt.serves != "" {
				want = "example.azurecr.io/t" + tt.serves
			}
			if d := cmp.Diff(tt.wait, got.Waits[key("s")]) + cmp.Diff(want, images[image]); d != "" || len(notes) != tt.notes {
				t.Errorf("%s, notes %q", d, notes)
			}
			if _, of := got.Adapters[key("t")]; of || got.Waits[key("t")] != "" {
				t.Error("the tuning waits too")
			}
		})
	}
}

// TestSuspended: a suspended server waits for nothing, and needs nothing.
func TestSuspended(t *testing.T) {
	all := adapted()
	all[0].Annotations = map[string]string{workspace.AnnotationSuspend: "true"}
	if got := Of(Input{Set: &workspace.Set{Workspaces: all}}); len(got.Waits) > 0 {
		t.Error(got.Waits)
	}
}

// TestSeveralPush: what two tunings push under one name is unknown.
func TestSeveralPush(t *testing.T) {
	all := append(adapted(), workspace.Workspace{
		Key: key("u"), Digest: "u1", Tuning: &workspace.Tuning{Output: &workspace.DataDestination{Image: image}},
	})
	got := Of(Input{Set: &workspace.Set{Workspaces: all}, Workloads: map[workspace.Key]cluster.Workload{
		key("t"): job("t1", first), key("u"): job("u1", second),
	}})
	if len(got.Waits) > 0 || len(got.Adapters) > 0 || len(got.Notes[key("s")]) == 0 {
		t.Errorf("%+v", got)
	}
}

func TestAnnotation(t *testing.T) {
	const waits = " (annotation syncer.dev/depends-on)"
	broken := server("b1")
	broken.Ready = 0
	for name, tt := range map[string]struct {
		on        string
		workloads map[workspace.Key]cluster.Workload
		want      string
	}{
		"a server that is not there": {"b", nil, "waits for default/b, which is not ready" + waits},
		"a server that is not ready": {
			"b", map[workspace.Key]cluster.Workload{key("b"): broken}, "waits for default/b, which is not ready" + waits,
		},
		"a server of other inputs": {
			"b",
			map[workspace.Key]cluster.Workload{key("b"): server("b0")},
			"waits for default/b, which is not ready" + waits,
		},
		"a server that is ready": {"b", map[workspace.Key]cluster.Workload{key("b"): server("b1")}, ""},
		"it runs as desired":     {"b", map[workspace.Key]cluster.Workload{key("a"): server("a1")}, ""},
		"it runs, and its file changes": {
			"b",
			map[workspace.Key]cluster.Workload{key("a"): server("a0")},
			"waits for default/b, which is not ready" + waits,
		},
		"unknown":    {"x", nil, "waits for default/x, which is not in the source" + waits},
		"unreadable": {"hidden", nil, "waits for default/hidden, which h.yaml may hold, and that file is unreadable" + waits},
		"suspended":  {"p", nil, "waits for default/p, which is suspended" + waits},
		"suspended, and done": {
			"p", map[workspace.Key]cluster.Workload{key("p"): job("p1", "")}, "",
		},
	} {
		set := &workspace.Set{
			Unreadable:     []string{"h.yaml"},
			UnreadableText: map[string]string{"h.yaml": "name: hidden"},
			Workspaces: []workspace.Workspace{
				{
					Key: key("a"), Digest: "a1", Inference: &workspace.Inference{},
					Annotations: map[string]string{workspace.AnnotationDependsOn: tt.on},
				},
				{Key: key("b"), Digest: "b1", Inference: &workspace.Inference{}},
				{
					Key: key("p"), Digest: "p1", Tuning: &workspace.Tuning{},
					Annotations: map[string]string{workspace.AnnotationSuspend: "true"},
				},
			},
		}
		got := Of(Input{Set: set, Workloads: tt.workloads})
		if d := cmp.Diff(tt.want, got.Waits[key("a")]); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
