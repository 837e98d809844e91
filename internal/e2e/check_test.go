// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/git/gittest"
)

// checked is one line of "syncer check".
type checked struct {
	Area, Check, State, Detail, Fix string
	MissingRights                   []string
}

// check runs "syncer check" and returns its lines by area and check, and its exit code.
func (e *env) check(args ...string) (lines map[string]checked, code int) {
	e.Helper()
	cmd := exec.Command(binary, append([]string{"check", "--config", e.config, "-o", "json"}, args...)...)
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		e.Fatal(err)
	}
	var answer struct {
		APIVersion, Kind, Cluster, User string
		Items                           []checked
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil || answer.Kind != "Check" || len(answer.Items) == 0 ||
		answer.APIVersion != "syncer.dev/v1" || answer.Cluster != clusterName {
		e.Fatalf("%v: %s%s", err, out.String(), talk.String())
	}
	lines = map[string]checked{}
	for _, l := range answer.Items {
		lines[l.Area+" "+l.Check] = l
	}
	return lines, code
}

// wantLine fails the test unless a line has the state, and a fix and a detail with the texts.
func (e *env) wantLine(lines map[string]checked, name, state, detail, fix string) {
	e.Helper()
	l, ok := lines[name]
	if !ok || l.State != state || !strings.Contains(l.Detail, detail) || !strings.Contains(l.Fix, fix) {
		e.Errorf("%s: %+v, want %s with %q and %q", name, l, state, detail, fix)
	}
}

const account = "system:serviceaccount:syncer:syncer"

// TestCheck asks before and after the rights are installed, against a real API server, and Git and Azure that refuse.
func TestCheck(t *testing.T) {
	e := setup(t)
	e.repo.Commit(map[string]string{"workspaces/phi.yaml": inference("phi", "phi-4-mini-instruct")}, "phi")
	text, err := os.ReadFile(e.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, e.config, strings.Replace(string(text), e.repo.Dir, e.repo.URL(), 1))
	e.on(t).checkRights()
	t.Run("namespaces", func(t *testing.T) { e.on(t).checkNamespaces() })
	t.Run("git", func(t *testing.T) { e.on(t).checkGit() })
	t.Run("azure", func(t *testing.T) { e.on(t).checkAzure() })
	t.Run("gpu", func(t *testing.T) { e.on(t).checkGPU() })
	if refs := e.repo.Git("for-each-ref", "--format=%(refname)"); strings.TrimSpace(refs) != "refs/heads/main" {
		t.Errorf("refs %s", refs)
	}
	if n := e.azure.Writes(); n > 0 {
		t.Errorf("%d writes to Azure", n)
	}
}

// checkRights asks for the service account before and after its roles are there, and after one was narrowed.
func (e *env) checkRights() {
	e.Helper()
	if lines, code := e.check(); code != 0 {
		e.Errorf("an administrator: exit code %d, %+v", code, lines)
	}
	lines, code := e.check("--as", account)
	if code != 1 {
		e.Errorf("without roles: exit code %d", code)
	}
	const fix = "syncer install --rights --config "
	e.wantLine(lines, "kubernetes role syncer in namespace default", "missing", "none of its", fix)
	e.wantLine(lines, "kubernetes role syncer-lease in namespace syncer", "missing", "none of its", fix)
	e.wantLine(lines, "kubernetes role syncer-nodes in the cluster", "missing", "none of its", fix)
	e.wantLine(lines, "kubernetes namespace default", "unknown", "", "")
	e.wantLine(lines, "gpu driver and device plugin", "unknown", "nodes may not be listed", "")
	lines, _ = e.check("--as", "visitor")
	e.wantLine(lines, "kubernetes role syncer in namespace default", "missing", "", "--user=visitor")

	kube := e.client()
	for _, o := range e.installation("install", "--rights", "--config", e.config) {
		if err := kube.Apply(e.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("kubectl"),
			client.ForceOwnership); err != nil {
			e.Fatalf("%s %s: %v", o.GetKind(), o.GetName(), err)
		}
	}
	e.eventually("the rights to be known", func() string {
		if lines, code = e.check("--as", account); code != 0 {
			return fmt.Sprintf("exit code %d, %+v", code, lines)
		}
		return ""
	})
	e.wantLine(lines, "kubernetes namespace default", "ok", "", "")
	e.wantLine(lines, "git write branch syncer/status", "ok", "show only in the first one", "")
	e.wantLine(lines, "azure read agent pools", "ok", "shows only when it does", "")
	e.wantLine(lines, "gpu driver and device plugin", "unknown", "DaemonSets may not be listed", "")
	maps, err := e.kube.CoreV1().ConfigMaps("default").List(e.Context(), metav1.ListOptions{})
	if err != nil {
		e.Fatal(err)
	}
	for _, m := range maps.Items {
		if strings.HasPrefix(m.Name, "syncer-check") {
			e.Errorf("the dry run left %s", m.Name)
		}
	}

	if _, err := e.kube.RbacV1().ClusterRoles().Patch(e.Context(), "syncer-nodes", types.JSONPatchType,
		[]byte(`[{"op":"replace","path":"/rules/0/verbs","value":["list"]}]`), metav1.PatchOptions{}); err != nil {
		e.Fatal(err)
	}
	e.eventually("the narrower role", func() string {
		lines, code = e.check("--as", account)
		if l := lines["kubernetes role syncer-nodes in the cluster"]; code != 1 || len(l.MissingRights) != 2 {
			return fmt.Sprintf("exit code %d, %+v", code, l)
		}
		return ""
	})
	e.wantLine(lines, "kubernetes role syncer-nodes in the cluster", "missing", "may not watch nodes, watch pods", fix)
}

func (e *env) checkNamespaces() {
	for _, as := range []string{"", account} {
		lines, code := e.check("--as", as, "--set", "namespaces=default,nowhere")
		if code != 1 {
			e.Errorf("as %q: exit code %d", as, code)
		}
		if as == "" {
			e.wantLine(lines, "kubernetes namespace nowhere", "missing", "does not exist", "kubectl create namespace nowhere")
		} else { // it has no rights there, so that not even a dry run tells
			e.wantLine(lines, "kubernetes namespace nowhere", "unknown", "", "")
		}
	}
}

// checkGit has the Git server refuse.
func (e *env) checkGit() {
	defer e.repo.SetFaults(gittest.Faults{})
	e.repo.SetFaults(gittest.Faults{ReadOnly: true})
	lines, code := e.check()
	if code != 1 {
		e.Errorf("read only: exit code %d", code)
	}
	e.wantLine(lines, "git read the source", "ok", "at commit", "")
	e.wantLine(lines, "git write branch syncer/status", "missing", "rejected", "")
	e.repo.SetFaults(gittest.Faults{Username: "u", Password: "p"})
	lines, code = e.check()
	if code != 1 {
		e.Errorf("without a password: exit code %d", code)
	}
	e.wantLine(lines, "git read the source", "missing", "", "none are configured")
	e.repo.SetFaults(gittest.Faults{Down: true})
	lines, code = e.check()
	if code != 2 {
		e.Errorf("down: exit code %d", code)
	}
	e.wantLine(lines, "git read the source", "failed", "", "")
}

// checkAzure has Azure refuse each question in turn.
func (e *env) checkAzure() {
	for _, c := range []struct{ path, line, other, role string }{
		{"/agentPools", "azure read agent pools", "azure read quota", "'syncer agent pools'"},
		{"/usages", "azure read quota", "azure read agent pools", "'syncer sizes and quota'"},
		{"/skus", "azure read sizes", "azure read quota", "'syncer sizes and quota'"},
	} {
		e.azure.Inject(armsim.Fault{Contains: c.path, Status: 403, Code: "AuthorizationFailed", Message: "no such role"})
		lines, code := e.check()
		if code != 1 {
			e.Errorf("%s: exit code %d", c.path, code)
		}
		e.wantLine(lines, c.line, "missing", "no such role", "az role assignment create --role "+c.role)
		e.wantLine(lines, c.other, "ok", "", "")
	}
}

// checkGPU shows that a DaemonSet of the plugin is seen by who may list it.
func (e *env) checkGPU() {
	lines, _ := e.check()
	e.wantLine(lines, "gpu driver and device plugin", "unknown", "no DaemonSet", "nvidia-device-plugin.yaml")
	labels := map[string]string{"app": "plugin"}
	if err := e.client().Create(e.Context(), &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "plugin", Namespace: "kube-system"},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					NodeSelector: map[string]string{"accelerator": "nvidia"},
					Containers:   []corev1.Container{{Name: "p", Image: "nvcr.io/nvidia/k8s-device-plugin:v0.17.1"}},
				},
			},
		},
	}); err != nil {
		e.Fatal(err)
	}
	lines, _ = e.check()
	e.wantLine(lines, "gpu driver and device plugin", "ok", "DaemonSet kube-system/plugin", "")
}
