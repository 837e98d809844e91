// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/apply/contest"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/testenv/webhooktest"
)

// withAnnotation adds an annotation to the text of inference.
func withAnnotation(text, key, value string) string {
	return strings.Replace(text, "metadata: {", fmt.Sprintf("metadata: {annotations: {%s: %s}, ", key, value), 1)
}

// logs counts the lines of the log with all parts.
func (p *process) logs(parts ...string) int {
	n := 0
	for _, line := range p.logged() {
		if contains(line, parts...) {
			n++
		}
	}
	return n
}

// TestRefusedChangeOfARunningWorkspace changes a field that Kubernetes does not let change: the Workspace is served as
// before, and its status and the log say that the commit is not carried out, and why.
func TestRefusedChangeOfARunningWorkspace(t *testing.T) {
	e := setup(t)
	served := inference("phi", "phi-4-mini-instruct")
	first := e.repo.Commit(map[string]string{"workspaces/phi.yaml": served}, "serve phi")
	p := e.start("run")
	e.waitState("phi", status.Ready)
	sets := e.kube.AppsV1().StatefulSets("default")
	before, err := sets.Get(t.Context(), "phi", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}

	const class = "syncer.dev/weights-storage-class"
	second := e.repo.Commit(
		map[string]string{"workspaces/phi.yaml": withAnnotation(served, class, "managed-csi")}, "keep the weights")
	r := e.waitMessage("phi", status.Applied, "volumeClaimTemplates")
	if r.State != status.Ready || r.ObservedCommit != first || r.DesiredCommit != second ||
		!contains(r.NotApplied(), "StatefulSet/phi", second[:7], first[:7]) {
		t.Errorf("%s, observed %s, desired %s, want %s and %s: %q",
			r.State, r.ObservedCommit, r.DesiredCommit, first, second, r.NotApplied())
	}
	after, err := sets.Get(t.Context(), "phi", metav1.GetOptions{})
	if err != nil || after.UID != before.UID ||
		len(after.Spec.VolumeClaimTemplates) != len(before.Spec.VolumeClaimTemplates) {
		t.Errorf("StatefulSet %+v, %v", after, err)
	}
	out, err := exec.Command(binary, "status", "phi", "-o", "yaml", "--config", e.config).Output()
	if err != nil || !contains(string(out), "desiredCommit: "+second) || !contains(string(out), "volumeClaimTemplates") {
		t.Errorf("syncer status: %v\n%s", err, out)
	}
	plan := exec.Command(binary, "plan", "--config", e.config)
	out, _ = plan.Output()
	if plan.ProcessState.ExitCode() != 1 || !contains(string(out), "! StatefulSet/phi", "volumeClaimTemplates") {
		t.Errorf("syncer plan: %v\n%s", plan.ProcessState, out)
	}

	// The next push of another Workspace is carried out, and says nothing more about this one.
	e.repo.Commit(map[string]string{"workspaces/other.yaml": inference("other", "phi-4-mini-instruct")}, "another")
	e.waitState("other", status.Ready)
	if n := p.logs("level=WARN", "StatefulSet/phi is refused") + p.logs("level=ERROR", "StatefulSet/phi"); n != 1 {
		t.Errorf("the log says %d times what is refused", n)
	}
	if n := p.logs("level=WARN", "Workspace default/phi: Ready (ApplyFailed)"); n != 1 {
		t.Errorf("the log says %d times what became of the Workspace", n)
	}
	e.repo.Commit(map[string]string{"workspaces/phi.yaml": served}, "take it back")
	e.eventually("the revert to count as carried out", func() string {
		r, err := e.report("phi")
		if err != nil || r.DesiredCommit != "" || r.NotApplied() != "" {
			return fmt.Sprintf("%+v, %v", r, err)
		}
		return ""
	})
}

// TestRefusedStatusPush has the server refuse the status branch after a Workspace was removed: the deletion is carried
// out, one error has the words of the server, and Git does not count as unusable.
func TestRefusedStatusPush(t *testing.T) {
	e := setup(t)
	e.repo.Commit(map[string]string{
		"workspaces/phi.yaml": inference("phi", "phi-4-mini-instruct"),
		"workspaces/two.yaml": inference("two", "phi-4-mini-instruct"),
	}, "serve two")
	p := e.start("run")
	e.waitState("phi", status.Ready)
	e.waitState("two", status.Ready)

	e.repo.Hook("update", `case "$1" in refs/heads/syncer/*) echo "this branch is protected" >&2; exit 1;; esac`)
	e.repo.Remove("no more two", "workspaces/two.yaml")
	e.eventually("two to be gone", func() string {
		for object := range e.ours() {
			if strings.Contains(object, "/two") {
				return object + " still exists"
			}
		}
		if n := len(e.gpuNodes()); n != 1 {
			return fmt.Sprintf("%d nodes", n)
		}
		return ""
	})
	e.eventually("/readyz to name the status", func() string {
		if code, body := p.get("/readyz"); code != 503 || !contains(body, "[-]status", "this branch is protected") {
			return fmt.Sprintf("%d %s", code, body)
		}
		return ""
	})
	const words = "the status cannot be recorded"
	if n := p.logs("level=ERROR", words, "this branch is protected"); n != 1 || p.logs("level=ERROR") != 1 {
		t.Errorf("%d errors about the status:\n%s", n, strings.Join(p.logged(), "\n"))
	}
	if p.logs("git cannot be used")+p.logs("git answers again")+p.logs("nothing is deleted") > 0 {
		t.Errorf("Git counts as unusable:\n%s", strings.Join(p.logged(), "\n"))
	}

	e.repo.Hook("update", "")
	e.eventually("the status to be recorded again", func() string {
		if _, err := e.report("two"); err == nil {
			return "the status of two is still there"
		}
		if code, body := p.get("/readyz"); code != 200 {
			return body
		}
		return ""
	})
	if n := p.logs(words); n != 1 {
		t.Errorf("the error is logged %d times", n)
	}
}

// scale sets the replicas of a StatefulSet as an autoscaler does, unless they are so already.
func (e *env) scale(name, manager string, n int32) string {
	e.Helper()
	sets := e.kube.AppsV1().StatefulSets("default")
	s, err := sets.GetScale(e.Context(), name, metav1.GetOptions{})
	if err != nil {
		return err.Error()
	}
	if s.Spec.Replicas != n {
		s.Spec.Replicas = n
		if _, err := sets.UpdateScale(e.Context(), name, s, metav1.UpdateOptions{FieldManager: manager}); err != nil {
			return err.Error()
		}
		return "it was set back"
	}
	return ""
}

// TestContestedFields has an autoscaler change the replicas each time that syncer sets them back: after a few times
// syncer leaves the field to it, and the status names field and manager.
func TestContestedFields(t *testing.T) {
	e := setup(t)
	served := inference("phi", "phi-4-mini-instruct")
	e.repo.Commit(map[string]string{"workspaces/phi.yaml": served}, "serve phi")
	p := e.start("run")
	e.waitState("phi", status.Ready)

	const manager = "horizontal-pod-autoscaler"
	fought := 0
	e.eventually("the contest to be recorded", func() string {
		if e.scale("phi", manager, 2) != "" {
			fought++
		}
		r, err := e.report("phi")
		if err != nil {
			return err.Error()
		}
		for _, c := range r.Conditions {
			if contains(c.Message, manager, "spec.replicas", "StatefulSet/phi", "syncer leaves it") {
				return ""
			}
		}
		return fmt.Sprintf("%+v", r.Conditions)
	})
	if fought < contest.Limit {
		t.Errorf("syncer gave way after %d changes", fought)
	}
	if why := e.scale("phi", manager, 2); why != "" {
		t.Errorf("syncer does not leave the field: %s", why)
	}

	// Later passes leave it too, and say nothing more.
	e.repo.Commit(map[string]string{"workspaces/other.yaml": inference("other", "phi-4-mini-instruct")}, "another")
	e.waitState("other", status.Ready)
	if why := e.scale("phi", manager, 2); why != "" {
		t.Errorf("after another push: %s", why)
	}
	if n := p.logs(manager); n > 1 {
		t.Errorf("the log speaks %d times of the contest", n)
	}
}

// denyConfigMaps has a webhook refuse every ConfigMap of the namespace default with a status of its own.
func (e *env) denyConfigMaps(code int32) {
	e.Helper()
	webhooktest.DenyConfigMaps(e, e.kube, "default", code, "busy, come back later")
	e.eventually("the webhook to be in force", func() string {
		probe := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "probe"}}
		if _, err := e.kube.CoreV1().ConfigMaps("default").Create(
			context.Background(), probe, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err == nil {
			return "it admits a ConfigMap"
		}
		return ""
	})
}

// TestWebhookForOneObject has a webhook answer 429 for a ConfigMap of the repository: a new Workspace is served, and
// Kubernetes does not count as unusable.
func TestWebhookForOneObject(t *testing.T) {
	e := setup(t)
	const settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: %s}\n"
	e.repo.Commit(map[string]string{"workspaces/cm.yaml": fmt.Sprintf(settings, "b")}, "settings")
	p := e.start("run")
	e.eventually("the ConfigMap", func() string {
		if _, ok := e.ours()["ConfigMap/settings"]; !ok {
			return "it is not there"
		}
		return ""
	})
	e.denyConfigMaps(http.StatusTooManyRequests)
	e.repo.Commit(map[string]string{
		"workspaces/cm.yaml":  fmt.Sprintf(settings, "c"),
		"workspaces/phi.yaml": inference("phi", "phi-4-mini-instruct"),
	}, "more")
	e.waitState("phi", status.Ready)
	if n := p.logs("ConfigMap/settings", "busy, come back later"); n != 1 {
		t.Errorf("the refusal is logged %d times:\n%s", n, strings.Join(p.logged(), "\n"))
	}
	if p.logs("kubernetes cannot be used")+p.logs("kubernetes answers again") > 0 {
		t.Errorf("Kubernetes counts as unusable:\n%s", strings.Join(p.logged(), "\n"))
	}
	if code, body := p.get("/readyz"); code != 200 {
		t.Errorf("/readyz: %d %s", code, body)
	}
	readme, err := exec.Command("git", "-C", e.repo.Dir, "show", "syncer/status:status/"+clusterName+"/README.md").Output()
	if err != nil || !contains(string(readme), "ConfigMap/settings") {
		t.Errorf("README of the status branch: %v\n%s", err, readme)
	}
}
