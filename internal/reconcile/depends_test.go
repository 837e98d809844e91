// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan/rollout"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/status"
)

// tuned is a tuning, and adapted a server with its result.
const (
	tuned = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: tune}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {app: tune}}}
tuning:
  preset: {name: phi-4-mini-instruct}
  method: qlora
  input: {urls: ["https://example.com/one.parquet"]}
  output: {image: "example.azurecr.io/mine:1", imagePushSecret: push}
`
	adapted = plain + `  adapters:
  - source: {name: mine, image: "example.azurecr.io/mine:1", imagePullSecrets: [pull]}
`
	plain = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource: {instanceType: Standard_NC24ads_A100_v4, labelSelector: {matchLabels: {app: phi}}}
inference:
  preset: {name: phi-4-mini-instruct}
`
	repository = "example.azurecr.io/mine"
)

func digestOf(letter string) string { return "sha256:" + strings.Repeat(letter, 64) }

// finish ends the tuning, which has pushed an image with a digest.
func finish(s *reconciletest.Simulator, digest string) {
	s.Kubernetes.Pushed = map[string]cluster.Image{"tune": {Name: repository + ":1", Digest: digest}}
	s.Azure.Nodes.Finish("default/tune", capacitytest.Complete)
}

// passes runs some passes of a loop that another process may have begun.
func passes(s *reconciletest.Simulator, l *reconcile.Loop, count int) (o reconcile.Outcome) {
	for range count {
		o = s.Pass(l, 20*time.Second)
	}
	return o
}

// TestTuningFeedsServer: a server waits for the tuning whose adapter it uses, without nodes; serves the image by its
// digest; goes on with it while the tuning runs again, and restarts with the next result.
func TestTuningFeedsServer(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Cache, s.Rollout = render.NewCache(), rollout.Limit{Count: 1}
		s.Git.Push("phi.yaml", adapted)
		s.Git.Push("tune.yaml", tuned)
		l := s.Loop()
		o := passes(s, l, 12)
		wantCondition(t, o, "phi", "{Applied False DependencyNotReady")
		wantCondition(t, o, "phi", "waits for default/tune, which is not done "+
			"(which pushes the adapter example.azurecr.io/mine:1)")
		diff(t, "states", map[string]status.State{"phi": status.Pending, "tune": status.Running}, states(o.Reports))
		if s.Kubernetes.Workload("phi").Name != "" || len(s.Owned()) != 1 || o.Settled || o.Plan.Refused() > 0 {
			t.Fatalf("the server does not wait, or the pass is settled (%t): %s", o.Settled, s)
		}

		finish(s, digestOf("a"))
		o = passes(s, l, 12)
		diff(t, "image", repository+"@"+digestOf("a"), s.Kubernetes.Image("phi"))
		diff(t, "states", map[string]status.State{"phi": status.Ready, "tune": status.Succeeded}, states(o.Reports))
		if text := string(s.Git.Status()["default/tune.yaml"]); !strings.Contains(text, "digest: "+digestOf("a")) {
			t.Errorf("status of the tuning: %s", text)
		}

		s.Kubernetes.Pushed = nil // its pod is gone
		before := writes(s)
		roll(s, t, 3, s.Loop)
		diff(t, "writes without the pod", before, writes(s))

		s.Git.Push("tune.yaml", strings.Replace(tuned, "one.parquet", "two.parquet", 1))
		got, o := roll(s, t, 12, s.Loop)
		diff(t, "image while the tuning runs", repository+"@"+digestOf("a"), s.Kubernetes.Image("phi"))
		diff(t, "states", map[string]status.State{"phi": status.Ready, "tune": status.Running}, states(o.Reports))
		if len(got.Order) > 0 {
			t.Errorf("%v restart before the tuning is done", got.Order)
		}

		finish(s, digestOf("b"))
		got, o = roll(s, t, 20, s.Loop)
		diff(t, "image", repository+"@"+digestOf("b"), s.Kubernetes.Image("phi"))
		diff(t, "restarted", rolled{[]string{"phi"}, 1}, got)
		if o = passes(s, s.Loop(), 4); !o.Settled {
			t.Errorf("not settled: %v", states(o.Reports))
		}
	})
}

// TestUnknownDigest: a result whose digest is unknown is served by its tag, and the report says so.
func TestUnknownDigest(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Cache = render.NewCache()
		s.Git.Push("tune.yaml", tuned)
		l := s.Loop()
		passes(s, l, 10)
		s.Azure.Nodes.Finish("default/tune", capacitytest.Complete)
		s.Git.Push("phi.yaml", adapted)
		o := passes(s, l, 12)
		diff(t, "image", repository+":1", s.Kubernetes.Image("phi"))
		wantCondition(t, o, "phi", "the digest of adapter example.azurecr.io/mine:1 is unknown")
	})
}

// TestFailedTuning: the server waits, and says for what; without the adapter it goes on.
func TestFailedTuning(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Cache = render.NewCache()
		s.Git.Push("tune.yaml", tuned)
		s.Git.Push("phi.yaml", plain)
		l := s.Loop()
		passes(s, l, 12)
		s.Azure.Nodes.Finish("default/tune", capacitytest.Broken)
		s.Git.Push("phi.yaml", adapted)
		o := passes(s, l, 4)
		wantCondition(t, o, "phi", "waits for default/tune, which failed")
		if image := s.Kubernetes.Image("phi"); image != "" || len(s.Kubernetes.Interrupted()) > 0 {
			t.Errorf("%q: it does not go on serving: %s", image, s)
		}
		s.Git.Push("phi.yaml", plain)
		o = passes(s, l, 4)
		diff(t, "states", map[string]status.State{"phi": status.Ready, "tune": status.Failed}, states(o.Reports))
	})
}

// TestDependsOn: a server waits for another one that its annotation names, also where both use one object of the
// repository.
func TestDependsOn(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Cache = render.NewCache()
		s.Git.Push("conf.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata:\n"+
			"  inference_config.yaml: |\n    vllm: {max-model-len: 4096}\n")
		first := reconciletest.Named(reconciletest.Phi, "first") + "  config: conf\n"
		second := strings.Replace(reconciletest.Named(reconciletest.Phi, "second"), "{name: second}",
			"{name: second, annotations: {syncer.dev/depends-on: first}}", 1) + "  config: conf\n"
		s.Git.Push("first.yaml", first)
		s.Git.Push("second.yaml", second)
		l := s.Loop()
		o := passes(s, l, 1)
		wantCondition(t, o, "second", "waits for default/first, which is not ready (annotation syncer.dev/depends-on)")
		if len(s.Owned()) != 1 {
			t.Errorf("the second has a pool: %s", s)
		}
		o = s.Settle(l)
		diff(t, "states", map[string]status.State{"first": status.Ready, "second": status.Ready}, states(o.Reports))

		s.Git.Push("first.yaml", strings.Replace(first, "{name: first}",
			"{name: first, annotations: {syncer.dev/depends-on: second}}", 1))
		o = passes(s, l, 3)
		wantCondition(t, o, "first", "waits for itself: default/first -> default/second -> default/first")
		if n := s.Azure.Nodes.Running(); n != 2 {
			t.Errorf("%d run: %s", n, s)
		}
	})
}
