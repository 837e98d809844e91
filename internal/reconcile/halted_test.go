// SPDX-License-Identifier: Apache-2.0

package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/mass"
	"syncer.dev/syncer/internal/reconcile"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/status"
)

// suspend returns a Suspend with more lines in its spec.
func suspend(lines ...string) string {
	return "apiVersion: syncer.dev/v1alpha1\nkind: Suspend\nmetadata: {name: incident}\nspec:\n" +
		"  reason: the registry is down\n  " + strings.Join(lines, "\n  ") + "\n"
}

const settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: b}\n"

func annotated(name, annotation string) string {
	return strings.Replace(reconciletest.Named(reconciletest.Phi, name), "{name: "+name+"}",
		"{name: "+name+", annotations: {"+annotation+"}}", 1)
}

// scale changes the replicas of a live StatefulSet by hand.
func scale(s *reconciletest.Simulator, name string, replicas int64) {
	s.Kubernetes.Edit("StatefulSet/"+name, func(o *unstructured.Unstructured) {
		_ = unstructured.SetNestedField(o.Object, replicas, "spec", "replicas")
	})
}

func replicas(s *reconciletest.Simulator, name string) int64 {
	n, _, _ := unstructured.NestedInt64(s.Kubernetes.Live("StatefulSet/"+name).Object, "spec", "replicas")
	return n
}

// TestSuspendStopsEverything: during an incident nothing is created, changed, set back or deleted, pools and plain
// objects included; status says why and until when, and what differs. All of it follows when the time is over, without
// a commit.
func TestSuspendStopsEverything(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		for _, name := range []string{"a", "b"} {
			s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Phi, name))
		}
		s.Git.Push("settings.yaml", settings)
		s.Settle(s.Loop())
		until := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Second)
		s.Git.Push("suspend.yaml", suspend("until: "+until.Format(time.RFC3339)))
		s.Git.Remove("b.yaml")
		s.Git.Remove("settings.yaml")
		s.Git.Push("c.yaml", reconciletest.Named(reconciletest.Phi, "c"))
		scale(s, "a", 0)
		before := writes(s)
		l := s.Loop()
		o := s.Passes(l, 10)
		after := writes(s)
		after.Commits = before.Commits
		diff(t, "writes during the incident", before, after)
		if replicas(s, "a") != 0 || s.Kubernetes.Live("StatefulSet/c") != nil ||
			s.Kubernetes.Live("ConfigMap/settings") == nil {
			t.Fatalf("something was written: %s", s)
		}
		for _, name := range []string{"a", "b", "c"} {
			wantCondition(t, o, name, "suspended by incident (suspend.yaml): the registry is down; until "+
				until.Format(time.RFC3339))
			wantCondition(t, o, name, string(diag.Suspended))
		}
		wantCondition(t, o, "a", "spec.replicas")
		wantCondition(t, o, "c", "StatefulSet/c would be created")
		if got := states(o.Reports)["c"]; got == status.Ready {
			t.Errorf("c is %s", got)
		}
		if !slices.ContainsFunc(o.Plan.Findings, func(f plan.Finding) bool { return f.Kind == plan.Suspended }) {
			t.Errorf("findings %v", o.Plan.Findings)
		}
		s.Advance(time.Until(until))
		o = s.Settle(l)
		diff(t, "states afterwards", map[string]status.State{"a": status.Ready, "c": status.Ready}, states(o.Reports))
		if replicas(s, "a") != 1 || s.Kubernetes.Live("ConfigMap/settings") != nil {
			t.Errorf("not all has followed: %s", s)
		}
		if text := fmt.Sprint(o.Problems); !strings.Contains(text, "and stops nothing") {
			t.Errorf("no warning about a Suspend that has ended: %s", text)
		}
	})
}

// TestSuspendedMoveDeletesNothing: a Workspace that would move to other nodes once a suspension ends keeps its objects,
// and so does one whose file is broken meanwhile. Status does not say that they would go.
func TestSuspendedMoveDeletesNothing(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		for _, name := range []string{"a", "b"} {
			s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Phi, name))
		}
		l := s.Loop()
		s.Settle(l)
		s.Git.Push("suspend.yaml", suspend())
		s.Git.Push("a.yaml", reconciletest.Named(sized("Standard_NC48ads_A100_v4"), "a"))
		s.Git.Push("b.yaml", reconciletest.Named(strings.Replace(reconciletest.Phi, "phi-4-mini-instruct", "nosuch", 1), "b"))
		o := s.Passes(l, 5)
		wantCondition(t, o, "a", "suspended by incident")
		for _, name := range []string{"a", "b"} {
			if c := conditionOf(t, o, name, status.Applied); strings.Contains(c.Message, "would be deleted") {
				t.Errorf("%s: %s", name, c.Message)
			}
		}
	})
}

// TestSuspendEndsByItself: the loop wakes up when a suspension ends.
func TestSuspendEndsByItself(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("a.yaml", reconciletest.Named(reconciletest.Phi, "a"))
		until := time.Now().Add(7 * time.Second)
		s.Git.Push("suspend.yaml", suspend("until: "+until.UTC().Format(time.RFC3339)))
		start := time.Now()
		l := s.Loop()
		l.Run(t.Context(), reconcile.Events{}, func(o reconcile.Outcome) bool { return len(o.Changes) > 0 })
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("it took %s to notice the end", took)
		}
	})
}

// TestSuspendSelects: what is not selected goes on.
func TestSuspendSelects(t *testing.T) {
	for name, tt := range map[string]struct {
		selector string
		held     []string
	}{
		"a name":            {"{names: [a]}", []string{"a"}},
		"a pattern":         {"{names: ['[ab]']}", []string{"a", "b"}},
		"a label":           {"{matchLabels: {team: search}}", []string{"b"}},
		"another namespace": {"{namespaces: [prod]}", nil},
		"the namespace":     {"{namespaces: [default]}", []string{"a", "b", "settings"}},
		"a mistake in it":   {"{nmes: [a]}", []string{"a", "b", "settings"}},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Git.Push("suspend.yaml", suspend("selector: "+tt.selector))
				s.Git.Push("a.yaml", reconciletest.Named(reconciletest.Phi, "a"))
				s.Git.Push("b.yaml", strings.Replace(reconciletest.Named(reconciletest.Phi, "b"), "{name: b}",
					"{name: b, labels: {team: search}}", 1))
				s.Git.Push("settings.yaml", settings)
				s.Passes(s.Loop(), 3)
				for object, key := range map[string]string{
					"StatefulSet/a": "a", "StatefulSet/b": "b", "ConfigMap/settings": "settings",
				} {
					if held := s.Kubernetes.Live(object) == nil; held != slices.Contains(tt.held, key) {
						t.Errorf("%s: held %t", object, held)
					}
				}
			})
		})
	}
}

// TestBrokenSuspendStopsMore: a commit that breaks the file of a Suspend does not end the incident, and stops
// everything that the file could have.
func TestBrokenSuspendStopsMore(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("suspend.yaml", suspend("selector: {names: [x]}"))
		s.Git.Push("a.yaml", reconciletest.Named(reconciletest.Phi, "a"))
		l := s.Loop()
		s.Settle(l)
		s.Git.Break("suspend.yaml")
		s.Git.Remove("a.yaml")
		s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
		before := writes(s)
		o := s.Passes(l, 5)
		after := writes(s)
		after.Commits = before.Commits
		diff(t, "writes", before, after)
		wantCondition(t, o, "b", "suspend.yaml cannot be read to its end, and may hold a Suspend")
		s.Git.Repair()
		diff(t, "states", map[string]status.State{"b": status.Ready}, states(s.Settle(l).Reports))
	})
}

// TestObservedSetKeepsItsReplicas: an InferenceSet that is only observed, and asks for fewer replicas, loses none of
// them, nor its nodes; it does once syncer may write again.
func TestObservedSetKeepsItsReplicas(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		set := func(replicas int, annotation string) string {
			return fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {name: s, annotations: {%s}}\n"+
				"spec:\n  replicas: %d\n  labelSelector: {matchLabels: {app: s}}\n  template:\n"+
				"    resource: {instanceType: Standard_NC24ads_A100_v4}\n"+
				"    inference: {preset: {name: phi-4-mini-instruct}}\n", annotation, replicas)
		}
		s.Git.Push("s.yaml", set(3, ""))
		l := s.Loop()
		s.Settle(l)
		before := writes(s)
		for _, fewer := range []int{1, 0} {
			s.Git.Push("s.yaml", set(fewer, "syncer.dev/mode: observe"))
			o := s.Passes(l, 4)
			after := writes(s)
			after.Commits = before.Commits
			diff(t, fmt.Sprintf("writes with %d replicas", fewer), before, after)
			wantCondition(t, o, "s-2", string(diag.Observed))
		}
		s.Git.Push("s.yaml", set(1, ""))
		s.Settle(l)
		if s.Kubernetes.Live("StatefulSet/s-2") != nil || s.Kubernetes.Live("StatefulSet/s-0") == nil {
			t.Errorf("the replicas do not follow the file: %s", s)
		}
	})
}

// TestObserveWritesNothing: an observed Workspace is compared and reported on. Nothing is created, set back, deleted or
// sized for it, and others go on.
func TestObserveWritesNothing(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("a.yaml", reconciletest.Named(reconciletest.Phi, "a"))
		s.Git.Push("settings.yaml", settings)
		l := s.Loop()
		s.Settle(l)
		pools := len(s.Owned())
		s.Git.Push("a.yaml", annotated("a", "syncer.dev/mode: observe"))
		s.Git.Push("b.yaml", annotated("b", "syncer.dev/mode: observe"))
		s.Git.Push("settings.yaml", strings.Replace(settings, "{a: b}", "{a: c}", 1)+
			"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, annotations: {syncer.dev/mode: observe}}\n")
		scale(s, "a", 3)
		azure := len(s.Azure.Written)
		o := s.Passes(l, 5)
		if replicas(s, "a") != 3 || s.Kubernetes.Live("StatefulSet/b") != nil || s.Kubernetes.Live("ConfigMap/more") != nil ||
			len(s.Azure.Written) != azure || len(s.Owned()) != pools {
			t.Errorf("something was written: %s", s)
		}
		data, _, _ := unstructured.NestedString(s.Kubernetes.Live("ConfigMap/settings").Object, "data", "a")
		diff(t, "another object", "c", data)
		wantCondition(t, o, "a", "spec.replicas -3 +1")
		wantCondition(t, o, "b", "StatefulSet/b would be created")
		wantCondition(t, o, "a", string(diag.Observed))
		if text := string(s.Git.Status()["objects.yaml"]); !strings.Contains(text, "ConfigMap/more would be created") {
			t.Errorf("the status of plain objects: %s", text)
		}
		if !o.Settled && states(o.Reports)["b"] == status.Pending {
			t.Error("a loop that waits for the end waits for what it must not write")
		}
		s.Git.Push("a.yaml", reconciletest.Named(reconciletest.Phi, "a"))
		s.Passes(l, 2)
		if replicas(s, "a") != 1 {
			t.Error("drift is not set back once syncer may write again")
		}
	})
}

const claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: weights%s}\n" +
	"spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n"

// TestClaimsStay: a volume claim stays when its file goes, unless it says that it may be deleted.
func TestClaimsStay(t *testing.T) {
	for name, tt := range map[string]struct {
		annotations string
		stays       bool
	}{
		"plain":    {"", true},
		"enabled":  {", annotations: {syncer.dev/prune: enabled}", false},
		"disabled": {", annotations: {syncer.dev/prune: disabled}", true},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
				s.Git.Push("a.yaml", reconciletest.Named(reconciletest.Phi, "a"))
				s.Git.Push("claim.yaml", fmt.Sprintf(claim, tt.annotations))
				l := s.Loop()
				s.Settle(l)
				s.Git.Remove("claim.yaml")
				o := s.Settle(l)
				if stays := s.Kubernetes.Live("PersistentVolumeClaim/weights") != nil; stays != tt.stays {
					t.Fatalf("stays: %t", stays)
				}
				said := strings.Contains(string(s.Git.Status()["README.md"]), "kubectl annotate pvc -n default weights")
				if want := name == "plain"; said != want {
					t.Errorf("status says how to delete it: %t\n%s", said, s.Git.Status()["README.md"])
				}
				if o.Plan.Verdict().Outcome == plan.Blocked {
					t.Error("a claim that stays blocks the plan")
				}
			})
		})
	}
}

// TestMassDeletion removes five of six Workspaces. Nothing goes until a commit allows all five, and a restart does not
// make an old commit count.
func TestMassDeletion(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Changes.Mass = mass.Policy{Count: 10, Percent: 50}
		names := []string{"a", "b", "c", "d", "e", "f"}
		for _, name := range names {
			s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Automatic, name))
		}
		s.Git.PushAllowing(100) // used up by the pass that sees it
		l := s.Loop()
		s.Settle(l)
		for _, name := range names[:5] {
			s.Git.Remove(name + ".yaml")
		}
		o := s.Passes(l, 3)
		if len(s.Kubernetes.Pruned) > 0 || s.Azure.Nodes.Running() != 6 {
			t.Fatalf("pruned %v: %s", s.Kubernetes.Pruned, s)
		}
		wantCondition(t, o, "a", "5 of 6 Workspaces would be deleted at once")
		wantCondition(t, o, "a", "Syncer-Allow-Delete: 5")
		if got := blocking(o); !slices.Contains(got, plan.MassDeletion) {
			t.Errorf("findings %v", got)
		}
		s.Git.PushAllowing(4)
		s.Git.Push("g.yaml", reconciletest.Named(reconciletest.Automatic, "g"))
		s.Passes(l, 3)
		if len(s.Kubernetes.Pruned) > 0 {
			t.Fatalf("four are allowed: pruned %v", s.Kubernetes.Pruned)
		}
		l = s.Loop() // a restart: the trailer of the tip alone counts
		s.Passes(l, 2)
		s.Git.PushAllowing(5)
		s.Git.Push("h.yaml", reconciletest.Named(reconciletest.Automatic, "h"))
		o = s.Settle(l)
		want := map[string]status.State{"f": status.Ready, "g": status.Ready, "h": status.Ready}
		diff(t, "states", want, states(o.Reports))
		for _, name := range names[:5] {
			if s.Kubernetes.Live("StatefulSet/"+name) != nil {
				t.Errorf("%s is still there", name)
			}
		}
	})
}

// TestMassDeletionOfASet: the replicas of an InferenceSet that is removed count as Workspaces, those that its file no
// longer asks for do not.
func TestMassDeletionOfASet(t *testing.T) {
	set := func(replicas int) string {
		return fmt.Sprintf("apiVersion: kaito.sh/v1beta1\nkind: InferenceSet\nmetadata: {name: set}\n"+
			"spec:\n  replicas: %d\n  labelSelector: {matchLabels: {app: set}}\n"+
			"  template: {resource: {instanceType: Standard_NC24ads_A100_v4}, "+
			"inference: {preset: {name: phi-4-mini-instruct}}}\n",
			replicas)
	}
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Cache = rendered
		s.Changes.Mass = mass.Policy{Count: 10, Percent: 50}
		s.Git.Push("set.yaml", set(6))
		s.Git.Push("phi.yaml", reconciletest.Phi)
		l := s.Loop()
		s.Settle(l)
		if n := s.Azure.Nodes.Running(); n != 7 {
			t.Fatalf("%d servers: %s", n, s)
		}
		s.Git.Push("set.yaml", set(5))
		s.Settle(l)
		if n := s.Azure.Nodes.Running(); n != 6 {
			t.Fatalf("after one replica less there are %d servers: %s", n, s)
		}
		s.Git.Remove("set.yaml")
		pruned := len(s.Kubernetes.Pruned)
		o := s.Passes(l, 3)
		if len(s.Kubernetes.Pruned) > pruned || s.Azure.Nodes.Running() != 6 {
			t.Fatalf("pruned %v: %s", s.Kubernetes.Pruned[pruned:], s)
		}
		wantCondition(t, o, "set-0", "5 of 6 Workspaces would be deleted at once")
		if got := blocking(o); !slices.Contains(got, plan.MassDeletion) {
			t.Errorf("findings %v", got)
		}
		s.Git.Push("set.yaml", set(1)) // four go, because their file says so
		s.Settle(l)
		if n := s.Azure.Nodes.Running(); n != 2 {
			t.Errorf("with one replica there are %d servers: %s", n, s)
		}
		s.Git.Push("set.yaml", set(5))
		s.Settle(l)
		s.Git.Remove("set.yaml")
		s.Git.PushAllowing(5)
		s.Settle(l)
		if n := s.Azure.Nodes.Running(); n != 1 {
			t.Errorf("after the deletion was allowed there are %d servers: %s", n, s)
		}
	})
}

// TestMassRename gives four of four Workspaces other names. What the same commit adds does not make the deletion of the
// others a small part of all, neither in the next pass nor after a restart.
func TestMassRename(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Changes.Mass = mass.Policy{Count: 10, Percent: 50}
		names := []string{"a", "b", "c", "d"}
		for _, name := range names {
			s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Automatic, name))
		}
		l := s.Loop()
		s.Settle(l)
		for _, name := range names {
			s.Git.Remove(name + ".yaml")
			s.Git.Push("new-"+name+".yaml", reconciletest.Named(reconciletest.Automatic, "new-"+name))
		}
		s.Passes(l, 3)
		l = s.Loop()
		o := s.Passes(l, 3)
		if len(s.Kubernetes.Pruned) > 0 {
			t.Fatalf("pruned %v: %s", s.Kubernetes.Pruned, s)
		}
		wantCondition(t, o, "a", "4 of 8 Workspaces would be deleted")
		wantCondition(t, o, "a", "Syncer-Allow-Delete: 4")
		s.Git.PushAllowing(4)
		s.Settle(l)
		for _, name := range names {
			if s.Kubernetes.Live("StatefulSet/"+name) != nil {
				t.Errorf("%s is still there", name)
			}
		}
	})
}

// TestMassDeletionOfObjects removes 12 of 14 ConfigMaps and two Workspaces. The Workspaces are few, and go. The
// ConfigMaps wait until a commit allows all of them: what is added meanwhile does not let them go, and neither does a
// restart, or a while without Azure.
func TestMassDeletionOfObjects(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Changes.Mass = mass.Policy{Percent: 50}
		object := func(name string) string { return strings.Replace(settings, "{name: settings}", "{name: "+name+"}", 1) }
		for _, name := range []string{"a", "b", "c"} {
			s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Automatic, name))
		}
		for i := range 14 {
			s.Git.Push(fmt.Sprintf("o%d.yaml", i), object(fmt.Sprintf("o%d", i)))
		}
		s.Git.PushAllowing(100) // used up by the pass that sees it
		l := s.Loop()
		s.Settle(l)
		there := func() (n int) {
			for i := range 14 {
				if s.Kubernetes.Live(fmt.Sprintf("ConfigMap/o%d", i)) != nil {
					n++
				}
			}
			return n
		}
		for i := range 12 {
			s.Git.Remove(fmt.Sprintf("o%d.yaml", i))
			s.Git.Push(fmt.Sprintf("new%d.yaml", i), object(fmt.Sprintf("new%d", i)))
		}
		s.Git.Remove("a.yaml")
		s.Git.Remove("b.yaml")
		o := s.Passes(l, 3)
		if there() != 14 || s.Kubernetes.Live("StatefulSet/a") != nil || s.Kubernetes.Live("ConfigMap/new0") == nil {
			t.Fatalf("%d are there: %s", there(), s)
		}
		if got := blocking(o); !slices.Contains(got, plan.MassDeletion) {
			t.Errorf("findings %v", got)
		}
		const want = `12 of 26 plain objects would be deleted at once (they wait since policy.massDeletion was exceeded); ` +
			`if that is meant, push a commit with the trailer "Syncer-Allow-Delete: 12"`
		for _, c := range o.Plan.Changes {
			if c.Target == "ConfigMap/o0" && (c.Op != plan.Hold || c.Reason != want) {
				t.Errorf("%s: %s", c.Op, c.Reason)
			}
		}
		if text := string(s.Git.Status()["objects.yaml"]); strings.Count(text, "state: Waits") != 12 ||
			!strings.Contains(text, "Syncer-Allow-Delete: 12") {
			t.Errorf("objects.yaml: %s", text)
		}
		if text := string(s.Git.Status()["README.md"]); !strings.Contains(text, "deletion waits to be allowed") ||
			!strings.Contains(text, "Syncer-Allow-Delete: 12") {
			t.Errorf("README.md: %s", text)
		}
		s.Git.PushAllowing(11)
		s.Azure.Down = reconciletest.ErrDown
		s.Passes(l, 2)
		s.Azure.Down = nil
		s.Passes(l, 2)
		l = s.Loop()
		s.Passes(l, 2)
		if there() != 14 {
			t.Fatalf("eleven are allowed, and %d are there", there())
		}
		s.Git.PushAllowing(12)
		s.Settle(l)
		if there() != 2 {
			t.Errorf("%d are there", there())
		}
		if text, exists := s.Git.Status()["objects.yaml"]; exists {
			t.Errorf("objects.yaml: %s", text)
		}
	})
}

// TestFewMayGo: in a small repository nothing needs a trailer.
func TestFewMayGo(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Changes.Mass = mass.Policy{Count: 10, Percent: 50}
		for _, name := range []string{"a", "b", "c"} {
			s.Git.Push(name+".yaml", reconciletest.Named(reconciletest.Automatic, name))
		}
		l := s.Loop()
		s.Settle(l)
		for _, name := range []string{"a", "b"} {
			s.Git.Remove(name + ".yaml")
		}
		s.Settle(l)
		if s.Azure.Nodes.Running() != 1 {
			t.Errorf("not deleted: %s", s)
		}
	})
}

// TestNextCommitDoesNotWait: a pass never waits for the health of what an earlier commit has made.
func TestNextCommitDoesNotWait(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("a.yaml", reconciletest.Named(reconciletest.Phi, "a"))
		l := s.Loop()
		o := s.Pass(l, 0)
		if states(o.Reports)["a"] == status.Ready {
			t.Fatal("a is ready at once")
		}
		s.Git.Push("a.yaml", annotated("a", "kaito.sh/performance-mode: throughput"))
		s.Git.Push("b.yaml", reconciletest.Named(reconciletest.Phi, "b"))
		o = s.Pass(l, 0)
		if s.Kubernetes.Live("StatefulSet/b") == nil || o.Plan.Head != o.Commit {
			t.Errorf("the new commit waits: %s", s)
		}
		for _, w := range o.Plan.Workspaces {
			if w.Op == plan.Hold {
				t.Errorf("%s is held: %s", w.Key, w.Held)
			}
		}
	})
}

// TestPlainObjectFails: the status says which plain object is not ready, and a Workspace that names one that has failed
// says so, until it works.
func TestPlainObjectFails(t *testing.T) {
	simulate(t, func(t *testing.T, s *reconciletest.Simulator) {
		s.Git.Push("secret.yaml", "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: token}\n")
		s.Git.Push("a.yaml", reconciletest.Named(reconciletest.Phi, "a"))
		s.Git.Push("b.yaml", strings.Replace(reconciletest.Named(reconciletest.Phi, "b"), "preset: {",
			"preset: {presetOptions: {modelAccessSecret: token}, ", 1))
		l := s.Loop()
		s.Settle(l)
		s.Kubernetes.Health["ExternalSecret/token"] = cluster.Health{State: cluster.HealthFailed, Message: "no such key"}
		o := s.Passes(l, 2)
		wantCondition(t, o, "b", "ExternalSecret/token has failed: no such key")
		for _, r := range o.Reports {
			if r.Key.Name == "a" && strings.Contains(fmt.Sprint(r.Conditions), "ExternalSecret") {
				t.Error("a does not name it")
			}
		}
		if text := string(s.Git.Status()["objects.yaml"]); !strings.Contains(text, "state: Failed") {
			t.Errorf("the status of plain objects: %s", text)
		}
		delete(s.Kubernetes.Health, "ExternalSecret/token")
		s.Passes(l, 2)
		if text, ok := s.Git.Status()["objects.yaml"]; ok {
			t.Errorf("it works again: %s", text)
		}
	})
}
