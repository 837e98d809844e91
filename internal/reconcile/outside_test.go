package reconcile

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/presets"
)

// What is elsewhere is looked for in each pass, and the Workspaces are checked again only when the answer is another.
func TestLookOutside(t *testing.T) {
	var said bytes.Buffer
	answer, calls := map[cluster.Ref]cluster.Look{}, 0
	var failure error
	l := New(Settings{Policy: plan.Policy{Cluster: "demo"}}, Parts{
		Log: slog.New(slog.NewTextHandler(&said, nil)), Health: NewHealth(ComponentKubernetes),
		Look: func(_ context.Context, refs []cluster.Ref, _ time.Time) (map[cluster.Ref]cluster.Look, error) {
			calls++
			out := map[cluster.Ref]cluster.Look{}
			for _, r := range refs {
				out[r] = answer[r]
			}
			return out, failure
		},
	})
	read := func(text string) {
		t.Helper()
		in, err := plan.Read(fstest.MapFS{"phi.yaml": {Data: []byte(text)}}, presets.FS, workspace.Options{}, workspace.Env{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		l.input = in
	}
	look := func() plan.Input {
		t.Helper()
		in, err := l.lookOutside(t.Context(), &pass{now: time.Unix(0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		return in
	}
	text := "apiVersion: kaito.sh/v1beta1\nkind: Workspace\nmetadata: {name: phi}\nresource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {app: phi}}}\ninference:\n  preset: {name: phi-4-mini-instruct}\n"
	read(text)
	if in := look(); in.Set != l.input.Set || calls != 0 {
		t.Errorf("%d looks for nothing", calls)
	}

	read(text + "  config: conf\n")
	conf := cluster.Ref{Version: "v1", Kind: "ConfigMap", Namespace: "default", Name: "conf"}
	answer[conf] = cluster.Look{Presence: cluster.Missing}
	key := workspace.Key{Namespace: "default", Name: "phi"}
	missing := look()
	if len(missing.Set.Blocked(key)) != 1 || look().Set != missing.Set {
		t.Errorf("%+v", missing.Set.Problems)
	}
	if n := strings.Count(said.String(), "nor in the cluster"); n != 1 {
		t.Errorf("said %d times:\n%s", n, said.String())
	}
	answer[conf] = cluster.Look{Presence: cluster.Present, Data: map[string]string{"inference_config.yaml": "vllm: {max-model-len: 1024}"}}
	if in := look(); len(in.Set.Blocked(key)) != 0 || workspace.MaxModelLen(in.Set, in.Set.Find(key)) != 1024 {
		t.Errorf("%+v", in.Set.Problems)
	}
	answer[conf] = cluster.Look{Presence: cluster.Unknown, Why: "not permitted"}
	look()
	look()
	if n := strings.Count(said.String(), "ConfigMaps in namespace default cannot be looked at"); n != 1 {
		t.Errorf("said %d times:\n%s", n, said.String())
	}
	failure = errors.New("away")
	p := &pass{}
	if _, err := l.lookOutside(t.Context(), p); err == nil || !p.out.Retry {
		t.Error("a server that is away was taken for an answer")
	}
}
