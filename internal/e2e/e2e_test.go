// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/status"
)

func inference(name, preset string) string {
	return fmt.Sprintf(`apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: %s}
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector: {matchLabels: {app: %s}}
inference:
  preset: {name: %s}
`, name, name, preset)
}

func tuning(name string) string {
	return fmt.Sprintf(`apiVersion: kaito.sh/v1alpha1
kind: Workspace
metadata: {name: %s}
resource:
  instanceType: "Standard_NC6s_v3"
  labelSelector: {matchLabels: {app: %s}}
tuning:
  preset: {name: phi-3-mini-128k-instruct}
  method: qlora
  input:
    urls: ["https://example.com/data.parquet?download=true"]
  output:
    image: example.azurecr.io/tuned:0.0.1
    imagePushSecret: push
`, name, name)
}

// TestPushToReady is the main job: a push leads to a pool, nodes, a bound pod, an endpoint and a status commit; a
// second run changes nothing; and after the removal of the file nothing is left.
func TestPushToReady(t *testing.T) {
	e := setup(t)
	e.repo.Commit(
		map[string]string{
			"workspaces/phi.yaml":   inference("phi", "phi-4-mini-instruct"),
			"workspaces/other.yaml": inference("other", "phi-4-mini-instruct"),
		},
		"serve phi",
	)
	p := e.start("run")
	r := e.waitState("phi", status.Ready)
	e.waitState("other", status.Ready)

	e.checkServed(r)
	if status, body := p.get("/readyz"); status != 200 {
		t.Errorf("/readyz: %d %s", status, body)
	}
	e.repo.Fsck()
	p.kill()

	t.Run("a second run changes nothing", func(t *testing.T) { e.on(t).changesNothing() })
	t.Run("removing the file removes the objects, then the pool", func(t *testing.T) { e.on(t).removesInOrder() })
	t.Run("an empty source deletes nothing, unless it is confirmed", func(t *testing.T) { e.on(t).emptySource() })
}

// checkServed checks the two nodes, and the pod, the endpoint and the report of Workspace phi.
func (e *env) checkServed(r status.Report) {
	e.Helper()
	nodes := e.gpuNodes()
	if len(nodes) != 2 || nodes[0].Labels["node.kubernetes.io/instance-type"] != "Standard_NC24ads_A100_v4" {
		e.Errorf("nodes %v", nodes)
	}
	pod, err := e.kube.CoreV1().Pods("default").Get(e.Context(), "phi-0", metav1.GetOptions{})
	if err != nil || pod.Status.Phase != corev1.PodRunning || !slices.Contains(r.WorkerNodes, pod.Spec.NodeName) {
		e.Errorf("pod on %q, phase %s, %v; want it to run on %v", pod.Spec.NodeName, pod.Status.Phase, err, r.WorkerNodes)
	}
	slices_, err := e.kube.DiscoveryV1().
		EndpointSlices("default").
		List(e.Context(), metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=phi"})
	if err != nil || len(slices_.Items) == 0 || len(slices_.Items[0].Endpoints) != 1 {
		e.Errorf("endpoints of phi: %v, %v", slices_, err)
	}
	if r.Endpoint != "http://phi.default.svc:80" || r.HourlyCost != "3.67" || r.Source != "workspaces/phi.yaml" ||
		len(r.Pools) != 1 {
		e.Errorf("report %+v", r)
	}
}

// changesNothing settles, then runs another process, which must write nothing.
func (e *env) changesNothing() {
	e.Helper()
	if code := e.start("run", "--wait").ended(); code != 0 { // finishes the work of the killed process
		e.Fatalf("exit code %d", code)
	}
	objects, writes, commits := e.ours(), e.azure.Writes(), e.statusCommits()
	if code := e.start("run", "--once").ended(); code != 0 {
		e.Errorf("exit code %d", code)
	}
	if diff := cmp.Diff(objects, e.ours()); diff != "" {
		e.Errorf("objects changed (-before +after):\n%s", diff)
	}
	if now := e.azure.Writes(); now != writes {
		e.Errorf("%d writes to Azure", now-writes)
	}
	if now := e.statusCommits(); now != commits {
		e.Errorf("%s status commits, then %s", commits, now)
	}
}

// removesInOrder removes the file of Workspace phi: its objects go before its pool, and the other Workspace stays.
func (e *env) removesInOrder() {
	e.Helper()
	e.repo.Remove("no more phi", "workspaces/phi.yaml")
	q := e.start("run")
	e.eventually("phi to be gone", func() string { return e.remains("phi", q) })
	deleted, released := lastLine(q.logged(), "StatefulSet/phi "), lastLine(q.logged(), "pool delete")
	if deleted < 0 || released < deleted {
		e.Errorf("the pool was deleted (line %d) before the StatefulSet (line %d):\n%s",
			released, deleted, strings.Join(q.logged(), "\n"))
	}
	e.waitState("other", status.Ready)
	q.kill()
}

// remains names a part of a Workspace that still exists, or returns "".
func (e *env) remains(name string, p *process) string {
	for object := range e.ours() {
		if strings.Contains(object, "/"+name) {
			return object + " still exists"
		}
	}
	if n := len(e.gpuNodes()); n != 1 {
		return fmt.Sprintf("%d nodes", n)
	}
	if _, err := e.report(name); err == nil {
		return "its status still exists"
	}
	if !contains(strings.Join(p.logged(), "\n"), "pool delete") {
		return "its pool still exists"
	}
	return ""
}

// lastLine returns the index of the last line that contains a text, or -1.
func lastLine(lines []string, text string) int {
	for i, line := range slices.Backward(lines) {
		if strings.Contains(line, text) {
			return i
		}
	}
	return -1
}

// emptySource removes the last Workspace: syncer keeps everything until a commit confirms the removal.
func (e *env) emptySource() {
	e.Helper()
	before := e.ours()
	e.repo.Commit(map[string]string{"workspaces/keep.txt": "x"}, "keep the folder")
	e.repo.Remove("remove the last", "workspaces/other.yaml")
	q := e.start("run")
	e.eventually("a warning", func() string {
		if !contains(strings.Join(q.logged(), "\n"), "syncer deletes nothing", "Syncer-Allow-Empty") {
			return "no warning"
		}
		return ""
	})
	if diff := cmp.Diff(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(e.ours()))); diff != "" {
		e.Errorf("objects (-before +after):\n%s", diff)
	}
	e.repo.Commit(map[string]string{"workspaces/keep.txt": "y"}, "really\n\nSyncer-Allow-Empty: true")
	e.eventually("all to be gone", func() string {
		if n := e.ours(); len(n) > 0 {
			return fmt.Sprint(n)
		}
		if n := len(e.gpuNodes()); n > 0 {
			return fmt.Sprintf("%d nodes", n)
		}
		return ""
	})
}

// TestTuning runs a job to its end, after which its pool costs nothing.
func TestTuning(t *testing.T) {
	e := setup(t)
	e.repo.Commit(map[string]string{"workspaces/tune.yaml": tuning("tune")}, "tune")
	if code := e.start("run", "--wait").ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	e.start("run")
	r := e.waitState("tune", status.Succeeded)
	if r.InstanceType != "Standard_NV36ads_A10_v5" ||
		!contains(r.Conditions[0].Message, "Azure retired Standard_NC6s_v3") {
		t.Errorf("report %+v", r)
	}
	e.eventually("the pool to be scaled to zero", func() string {
		r, err := e.report("tune")
		if err != nil || len(r.Pools) != 1 || r.Pools[0].Nodes != 0 || r.Pools[0].State != "Succeeded" {
			return fmt.Sprintf("%+v, %v", r.Pools, err)
		}
		if n := len(e.gpuNodes()); n != 0 {
			return fmt.Sprintf("%d nodes", n)
		}
		return ""
	})
	e.waitState("tune", status.Succeeded)
	job, err := e.kube.BatchV1().Jobs("default").Get(t.Context(), "tune", metav1.GetOptions{})
	if err != nil || job.Status.Succeeded != 1 {
		t.Errorf("job %+v, %v", job.Status, err)
	}
	// A change of the inputs runs it again.
	e.repo.Commit(
		map[string]string{"workspaces/tune.yaml": strings.Replace(tuning("tune"), "tuned:0.0.1", "tuned:0.0.2", 1)},
		"again",
	)
	e.eventually("another job", func() string {
		j, err := e.kube.BatchV1().Jobs("default").Get(context.Background(), "tune", metav1.GetOptions{})
		if err != nil || j.UID == job.UID || j.Status.Succeeded != 1 {
			return fmt.Sprintf("%v %v", j.Status, err)
		}
		return ""
	})
}

// TestBrokenFileBlocksOnlyItself also shows that the live objects of a file stay when it becomes unreadable.
func TestBrokenFileBlocksOnlyItself(t *testing.T) {
	e := setup(t)
	e.repo.Commit(map[string]string{
		"workspaces/good.yaml":   inference("good", "phi-4-mini-instruct"),
		"workspaces/later.yaml":  inference("later", "phi-4-mini-instruct"),
		"workspaces/field.yaml":  strings.Replace(inference("field", "phi-4-mini-instruct"), "inference:", "infernce:", 1),
		"workspaces/syntax.yaml": "apiVersion: kaito.sh/v1beta1\nkind: [Workspace\n",
	}, "one good, two bad")
	e.start("run")
	e.waitState("good", status.Ready)
	e.waitState("later", status.Ready)
	r := e.waitState("field", status.Failed)
	if c := r.Conditions[len(r.Conditions)-1]; !contains(
		c.Message,
		"workspaces/field.yaml:7:1",
		"infernce",
		"did you mean",
	) {
		t.Errorf("condition %+v", c)
	}
	readme, err := exec.Command("git", "-C", e.repo.Dir, "show", "syncer/status:status/"+clusterName+"/README.md").Output()
	if err != nil || !contains(string(readme), "workspaces/syntax.yaml:2:") {
		t.Errorf("README of the status branch: %v\n%s", err, readme)
	}

	before := e.ours()
	e.repo.Commit(map[string]string{"workspaces/later.yaml": "kind: [Workspace\n"}, "break later")
	r = e.waitState("later", status.Failed)
	if !contains(r.Headline(), "workspaces/later.yaml:") {
		t.Errorf("headline %q", r.Headline())
	}
	e.repo.Commit(map[string]string{"workspaces/new.yaml": inference("new", "phi-4-mini-instruct")}, "another good one")
	e.waitState("new", status.Ready)
	for name := range before {
		if _, ok := e.ours()[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
}

// TestUnreachable takes away Git, the API server and Azure, one after another.
func TestUnreachable(t *testing.T) {
	e := setup(t)
	e.repo.Commit(
		map[string]string{
			"workspaces/phi.yaml": inference("phi", "phi-4-mini-instruct"),
			"workspaces/b.yaml":   inference("b", "phi-4-mini-instruct"),
		},
		"work",
	)
	p := e.start("run")
	e.waitState("phi", status.Ready)
	e.waitState("b", status.Ready)
	before := slices.Sorted(maps.Keys(e.ours()))

	hidden := e.repo.Dir + ".hidden"
	for _, tt := range []struct {
		name, component string
		off, on         func()
	}{
		{"Git", "git", func() { rename(t, e.repo.Dir, hidden) }, func() { rename(t, hidden, e.repo.Dir) }},
		{"API server", "kubernetes", func() { e.api.set(true) }, func() { e.api.set(false) }},
		{"Azure", "azure", e.azure.Down, e.azure.Up},
	} {
		tt.off()
		e.eventually(tt.name+" to be reported at /readyz", func() string {
			if code, body := p.get("/readyz"); code != 503 || !contains(body, "[-]"+tt.component) {
				return body
			}
			return ""
		})
		e.eventually(tt.name+" to be reported on standard error", func() string {
			if !contains(strings.Join(p.logged(), "\n"), "level=ERROR", tt.component+" cannot be used") {
				return "no error"
			}
			return ""
		})
		p.alive()
		tt.on()
		e.eventually("recovery of "+tt.name, func() string {
			code, body := p.get("/readyz")
			if code != 200 {
				return body
			}
			return ""
		})
		if diff := cmp.Diff(before, slices.Sorted(maps.Keys(e.ours()))); diff != "" {
			t.Errorf("objects without %s (-before +after):\n%s", tt.name, diff)
		}
	}
	e.repo.Commit(map[string]string{"workspaces/c.yaml": inference("c", "phi-4-mini-instruct")}, "one more")
	e.waitState("c", status.Ready)
	t.Run("API server restarted", func(t *testing.T) { e.on(t).restartsAPIServer(p) })
}
