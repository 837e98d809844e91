// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/testenv"
)

// TestSeveralClusters: one process serves five clusters from one repository. One of them is away, one has another CA
// than its kubeconfig names, and one has no kubeconfig yet: they are named, and the others are served. The last is
// served as well once its file is there.
func TestSeveralClusters(t *testing.T) {
	e := &env{T: t}
	c := testenv.StartCluster(t, "-pod-delay", "100ms")
	e.wire(c, "{mode: byo}")
	away := e.kubeconfig + ".away"
	data, err := os.ReadFile(c.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	write(t, away, strings.ReplaceAll(string(data), c.URL, "https://127.0.0.1:1"))
	other, late := e.kubeconfig+".other", e.kubeconfig+".late"
	write(t, other, caOf.ReplaceAllString(string(data), "${1}"+otherCA()))
	write(t, e.config, fmt.Sprintf(`apiVersion: syncer.dev/v1alpha1
kind: Config
source: {url: %q, interval: 1s}
status: {debounce: 200ms}
capacity: {mode: byo}
listen: 127.0.0.1:0
kubeconfig: %q
clusters:
- {name: north, path: north}
- {name: south, path: south, namespaces: [kube-public]}
- {name: west, path: north, kubeconfig: %q}
- {name: other, path: north, kubeconfig: %q}
- {name: late, path: late, kubeconfig: %q}
`, e.repo.URL(), e.kubeconfig, away, other, late))
	named := func(name, namespace string) string {
		const text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s}\ndata: {a: b}\n"
		return fmt.Sprintf(text, name, namespace)
	}
	e.repo.Commit(map[string]string{
		"north/phi.yaml":      inference("phi", "phi-4-mini-instruct"),
		"north/settings.yaml": named("north", "default"),
		"south/settings.yaml": named("south", "kube-public"),
		"late/settings.yaml":  named("late", "default"),
		"south/phi.yaml": strings.Replace(
			inference("phi", "phi-4-mini-instruct"), "{name: phi}", "{name: phi, namespace: kube-public}", 1),
	}, "work")
	p := e.start("run")
	for name, namespace := range map[string]string{"north": "default", "south": "kube-public"} {
		e.eventually("the ConfigMap of "+name, func() string {
			m, err := e.kube.CoreV1().ConfigMaps(namespace).Get(context.Background(), name, metav1.GetOptions{})
			if err != nil {
				return err.Error()
			}
			if label := m.Labels["syncer.dev/cluster"]; label != name {
				return "its cluster is " + label
			}
			return ""
		})
		e.eventually("the status of "+name, func() string {
			file := "syncer/status:status/" + name + "/" + namespace + "/phi.yaml"
			out, err := exec.Command("git", "-C", e.repo.Dir, "show", file).Output()
			if err != nil {
				return "not recorded"
			}
			_, err = status.Parse(out)
			if err != nil {
				return err.Error()
			}
			return ""
		})
	}
	e.eventually("/readyz to name the cluster that is away", func() string {
		code, body := p.get("/readyz")
		if code != http.StatusServiceUnavailable || !contains(body, "[-]west/kubernetes: ") ||
			!contains(body, "[-]other/kubernetes: ") || !contains(body, "certificate signed by unknown authority") ||
			!contains(body, "[-]late/kubernetes: read kubeconfig: ") ||
			!contains(body, "[+]north/kubernetes: ok") || !contains(body, "[+]south/kubernetes: ok") {
			return body
		}
		return ""
	})
	if code, body := p.get("/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: %d %s", code, body)
	}
	for want, args := range map[string][]string{
		"phi": {"status", "--cluster", "south"}, "Plan for cluster north": {"plan", "--cluster", "north"},
	} {
		out, _ := exec.Command(binary, append(args, "--config", e.config)...).CombinedOutput() // mode byo has no nodes here
		if !strings.Contains(string(out), want) {
			t.Errorf("%q:\n%s", args, out)
		}
	}
	out, err := exec.Command(binary, "reconcile", "--address", "http://"+p.address()).CombinedOutput()
	for _, want := range []string{
		"cluster north at commit ", "cluster south at commit ", "the pass of cluster west was not complete: ",
	} {
		if err == nil || !contains(string(out), want) {
			t.Errorf("reconcile: %v, want %q\n%s", err, want, out)
		}
	}
	out, err = exec.Command(binary, "plan", "--config", e.config).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--cluster: north, south, west, other, late") {
		t.Errorf("plan without a cluster: %v\n%s", err, out)
	}
	write(t, late, string(data))
	e.eventually("the ConfigMap of the cluster that joins", func() string {
		_, err := e.kube.CoreV1().ConfigMaps("default").Get(context.Background(), "late", metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		return ""
	})
	t.Run("one stops", func(t *testing.T) { e.on(t).oneStops(p) })
}

// oneStops cuts the API server of two of the clusters off while all run: the third goes on, and the others catch up.
func (e *env) oneStops(p *process) {
	value := func(name, want string) func() string {
		return func() string {
			m, err := e.kube.CoreV1().ConfigMaps("default").Get(context.Background(), name, metav1.GetOptions{})
			if err != nil || m.Data["a"] != want {
				return fmt.Sprint(m.Data, err)
			}
			return ""
		}
	}
	text := func(name, value string) string {
		return fmt.Sprintf(
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: default}\ndata: {a: %s}\n", name, value)
	}
	e.api.set(true)
	e.eventually("/readyz to name the clusters that have stopped", func() string {
		_, body := p.get("/readyz")
		if !contains(body, "[-]north/kubernetes: ") || !contains(body, "[-]south/kubernetes: ") ||
			!contains(body, "[+]late/kubernetes: ok") {
			return body
		}
		return ""
	})
	e.repo.Commit(map[string]string{
		"north/settings.yaml": text("north", "c"), "late/settings.yaml": text("late", "c"),
	}, "while two are away")
	e.eventually("the change of the cluster that goes on", value("late", "c"))
	if why := value("north", "b")(); why != "" {
		e.Errorf("the cluster that is away: %s", why)
	}
	e.api.set(false)
	e.eventually("the change of a cluster that is back", value("north", "c"))
	e.eventually("/readyz to have them back", func() string {
		if _, body := p.get("/readyz"); !contains(body, "[+]north/kubernetes: ok") ||
			!contains(body, "[+]south/kubernetes: ok") {
			return body
		}
		return ""
	})
	p.alive()
}

// caOf matches the CA in a kubeconfig.
var caOf = regexp.MustCompile(`(certificate-authority-data: )\S+`)

// otherCA is a CA that has signed nothing, as a kubeconfig has it.
func otherCA() string {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	block := &pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(block))
}
