// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// library is a cluster that answers from a map.
type library struct {
	answer map[cluster.Ref]cluster.Reference
	err    error
	calls  int
	asked  []string // objects that were previewed
}

func (l *library) Look(_ context.Context, refs []cluster.Ref, _ time.Time) (map[cluster.Ref]cluster.Reference, error) {
	l.calls++
	out := map[cluster.Ref]cluster.Reference{}
	for _, r := range refs {
		out[r] = l.answer[r]
	}
	return out, l.err
}

func (l *library) Preview(_ context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error) {
	out := make([]cluster.Preview, len(objects))
	for i, o := range objects {
		l.asked = append(l.asked, cluster.RefOf(o).String())
		out[i] = cluster.Preview{Ref: cluster.RefOf(o), After: o}
	}
	return out, nil
}

const phi = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {app: phi}}}
inference:
  preset: {name: phi-4-mini-instruct}
`

func engineOf(l *library, depth Depth) *Engine {
	return New(Settings{
		Policy: desired.Policy{Cluster: "demo", Region: "eastus"},
		Depth:  depth,
		Read: func(r Revision) (desired.Input, error) {
			return desired.Read(r.Files, presets.FS, load.Options{}, workspace.Env{}, nil)
		},
	}, l)
}

func revision(text string) Revision {
	return Revision{Commit: "c", Inputs: text, Files: fstest.MapFS{"phi.yaml": {Data: []byte(text)}}}
}

// TestReferences resolves references in each plan, and validates again only if the answer has changed.
func TestReferences(t *testing.T) {
	l := &library{answer: map[cluster.Ref]cluster.Reference{}}
	e := engineOf(l, PreviewUpdates)
	make := func(text string) Result {
		t.Helper()
		r, err := e.Plan(t.Context(), revision(text), Observed{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if make(phi); l.calls != 0 {
		t.Errorf("%d calls to resolve nothing", l.calls)
	}
	text := phi + "  config: conf\n"
	conf := cluster.Ref{Version: "v1", Kind: "ConfigMap", Namespace: "default", Name: "conf"}
	key := workspace.Key{Namespace: "default", Name: "phi"}
	l.answer[conf] = cluster.Reference{Presence: cluster.Missing}
	missing := make(text)
	if len(missing.Set.ErrorsOf(key)) != 1 || make(text).Set != missing.Set {
		t.Errorf("%+v", missing.Set.Problems)
	}
	l.answer[conf] = cluster.Reference{
		Presence: cluster.Present,
		Data:     map[string]string{"inference_config.yaml": "vllm: {max-model-len: 1024}"},
	}
	if r := make(text); len(r.Set.ErrorsOf(key)) != 0 || workspace.MaxModelLen(r.Set, r.Set.Find(key)) != 1024 {
		t.Errorf("%+v", r.Set.Problems)
	}
	l.answer[conf] = cluster.Reference{Presence: cluster.Unknown, Why: "not permitted"}
	if r := make(text); len(r.Unresolved) != 1 {
		t.Errorf("unresolved %v", r.Unresolved)
	}
	l.err = errors.New("away")
	if _, err := e.Plan(t.Context(), revision(text), Observed{}); !errors.Is(err, l.err) {
		t.Errorf("a server that is away was taken for an answer: %v", err)
	}
}

// TestPreviewDepth previews existing objects, and new ones only with PreviewAll.
func TestPreviewDepth(t *testing.T) {
	for depth, want := range map[Depth]int{PreviewUpdates: 1, PreviewAll: 2} {
		l := &library{}
		seen := Observed{}
		seen.State.Objects = []*cluster.Object{
			{Ref: cluster.Ref{Version: "v1", Kind: "Service", Namespace: "default", Name: "phi"}},
		}
		r, err := engineOf(l, depth).Plan(t.Context(), revision(phi), seen)
		if err != nil {
			t.Fatal(err)
		}
		if all := len(r.Desired.Objects); depth == PreviewAll {
			want = all
		}
		if len(l.asked) != want {
			t.Errorf("depth %d: previewed %q, want %d", depth, l.asked, want)
		}
	}
}
