// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/ondemand"
	"syncer.dev/syncer/internal/config"
)

// kubeconfigs returns a configuration with a cluster for each kubeconfig, by name in an order that tests can rely on.
func kubeconfigs(t *testing.T, files ...string) config.Config {
	t.Helper()
	c := apptest.Config(t, apptest.Repository(t).URL())
	c.Cluster, c.Kubeconfig = "", ""
	for i := 0; i < len(files); i += 2 {
		c.Clusters = append(c.Clusters, config.Cluster{
			Name: files[i], Kubeconfig: files[i+1], Path: "workspaces", Namespaces: c.Namespaces, Capacity: c.Capacity,
		})
	}
	return c
}

// broken writes kubeconfigs that cannot be used: of a text that is none, of a context that is missing, and of a missing
// CA.
func broken(t *testing.T, good string) (text, context, ca string) {
	t.Helper()
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	text = write("text", "clusters: [{name: \"\n")
	context = write("context", strings.Replace(string(data), "current-context: test", "current-context: other", 1))
	ca = write("ca", strings.NewReplacer("http://", "https://", `"}}]`, `", certificate-authority: /nowhere/ca.pem}}]`).
		Replace(string(data)))
	return text, context, ca
}

// TestKubeconfigOfOneCluster: clusters whose kubeconfigs cannot be used are named wherever one looks, and the others
// run; each joins them as soon as its file can be used.
func TestKubeconfigOfOneCluster(t *testing.T) {
	good, later := apptest.Kubeconfig(t), filepath.Join(t.TempDir(), "later")
	text, other, ca := broken(t, good)
	log := &logged{}
	c := kubeconfigs(t, "later", later, "north", good, "text", text, "other", other, "ca", ca)
	d := newDaemon(t, c, log)
	stop := start(t, d)
	eventually(t, "/readyz names each cluster", func() bool {
		code, ready := get(t, d, "/readyz")
		for _, want := range []string{
			"[+]north/git: ok", "[-]north/kubernetes: API server", "[-]later/git: has not answered yet",
			"[-]later/kubernetes: read kubeconfig: ", "[-]text/kubernetes: read kubeconfig: ",
			"[-]other/kubernetes: read kubeconfig: ", "[-]ca/kubernetes: read kubeconfig: ",
		} {
			if !strings.Contains(ready, want) {
				return false
			}
		}
		return code == http.StatusServiceUnavailable
	})
	if code, body := get(t, d, "/healthz"); code != http.StatusOK {
		t.Errorf("/healthz: %d %s", code, body)
	}
	_, metrics := get(t, d, "/metrics")
	for _, want := range []string{
		`syncer_component_up{cluster="north",component="git"} 1`,
		`syncer_component_up{cluster="later",component="kubernetes"} 0`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics has no %q:\n%s", want, metrics)
		}
	}
	all, err := ondemand.Request(t.Context(), "http://"+d.Addr().String(), "")
	if err != nil || len(all) != 5 || !strings.Contains(all[0].Error, "read kubeconfig") || all[1].Commit == "" {
		t.Errorf("a pass on request: %+v, error %v", all, err)
	}
	const said = "the kubeconfig of a cluster cannot be used"
	if n := log.count(said); n != 4 {
		t.Errorf("four kubeconfigs are named %d times", n)
	}
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{later, text} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the clusters to join", func() bool {
		_, ready := get(t, d, "/readyz")
		return strings.Contains(ready, "[+]later/git: ok") && strings.Contains(ready, "[+]text/git: ok") &&
			strings.Contains(ready, "[-]later/kubernetes: API server") &&
			strings.Contains(ready, "[-]ca/kubernetes: read kubeconfig")
	})
	eventually(t, "the metrics to count requests", func() bool {
		_, metrics := get(t, d, "/metrics")
		return strings.Contains(metrics, `syncer_kubernetes_requests_total{cluster="later"`)
	})
	if log.count("the kubeconfig of the cluster can be used now") != 2 || log.count("configuration reloaded") > 0 {
		t.Error("the clusters do not join by themselves")
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
}

// TestKubeconfigsOfAll: a daemon of which no cluster can be used does not start, and one pass fails for the cluster
// that cannot be used alone.
func TestKubeconfigsOfAll(t *testing.T) {
	good := apptest.Kubeconfig(t)
	text, other, _ := broken(t, good)
	open := func(c config.Config, until app.Until) (*app.Daemon, error) {
		return app.NewDaemon(app.DaemonOptions{
			Load:       func() (config.Config, error) { return c, nil },
			ConfigFile: filepath.Join(t.TempDir(), "syncer.yaml"),
			Until:      until,
			Log:        slog.New(slog.DiscardHandler),
		})
	}
	_, err := open(kubeconfigs(t, "a", text, "b", other), app.Cancelled)
	apptest.WantError(t, err, "cluster a: read kubeconfig: ")
	apptest.WantError(t, err, "cluster b: read kubeconfig: ")

	c := kubeconfigs(t, "a", text, "b", good)
	c.Clusters[0].Capacity.Mode = config.ModeAKS
	_, err = open(c, app.Cancelled)
	apptest.WantError(t, err, "cluster a: ")
	apptest.WantError(t, err, "is required")

	d, err := open(kubeconfigs(t, "a", text, "b", good), app.OnePass)
	if err != nil {
		t.Fatal(err)
	}
	last, err := d.Run(t.Context())
	if err != nil {
		t.Error(err)
	}
	apptest.WantError(t, last.Err, "read kubeconfig")
	apptest.WantError(t, last.Err, "API server")
}
