// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/ondemand"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/testenv"
)

// logged is a log that tests read while a daemon writes it.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

// eventually waits until a condition holds. Only a test that fails takes the whole time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	testenv.Eventually(t, what, func() string {
		if !ok() {
			return "not yet"
		}
		return ""
	})
}

// get returns the status and the body that a daemon answers.
func get(t *testing.T, d *app.Daemon, path string) (int, string) {
	t.Helper()
	response, err := http.Get("http://" + d.Addr().String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// newDaemon returns a daemon that writes to a log, hints included, as the command does.
func newDaemon(t *testing.T, c config.Config, log io.Writer) *app.Daemon {
	t.Helper()
	d, err := app.NewDaemon(app.DaemonOptions{
		Load:       func() (config.Config, error) { return c, nil },
		ConfigFile: filepath.Join(t.TempDir(), "syncer.yaml"),
		Log:        slog.New(diag.WithHints(slog.NewTextHandler(log, nil))),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// start runs a daemon until the end of the test or until stop is called, which returns the error of Run.
func start(t *testing.T, d *app.Daemon) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := d.Run(ctx)
		done <- err
	}()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { _ = stop() })
	return stop
}

// TestDaemonWithoutServers runs a daemon whose API server refuses connections: it makes a pass, is alive, is not ready,
// names the API server, and ends with its context.
func TestDaemonWithoutServers(t *testing.T) {
	c, azure := apptest.OnAKS(t, apptest.Config(t, apptest.Repository(t).Dir))
	log := &logged{}
	d := newDaemon(t, c, log)
	stop := start(t, d)
	var ready string
	eventually(t, "/readyz names the API server", func() bool {
		var code int
		code, ready = get(t, d, "/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(ready, "[-]kubernetes: ") &&
			strings.Contains(ready, "[+]git: ok")
	})
	if !strings.HasSuffix(ready, "not ready\n") {
		t.Errorf("/readyz: %s", ready)
	}
	if code, body := get(t, d, "/healthz"); code != http.StatusOK || body != "ok\n" {
		t.Errorf("/healthz: %d, %s", code, body)
	}
	var metrics string
	eventually(t, "a pass has ended", func() bool {
		_, metrics = get(t, d, "/metrics")
		return !strings.Contains(metrics, "syncer_passes_total{cluster=\"demo\"} 0\n")
	})
	for _, want := range []string{
		`syncer_passes_total{cluster="demo"} `,
		`syncer_component_up{cluster="demo",component="git"} 1`,
		`syncer_component_up{cluster="demo",component="kubernetes"} 0`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics has no %q:\n%s", want, metrics)
		}
	}
	all, err := ondemand.Request(t.Context(), "http://"+d.Addr().String(), "")
	if err != nil || len(all) != 1 || all[0].Cluster != "demo" || all[0].Settled ||
		!strings.Contains(all[0].Error, "cannot be used") {
		t.Errorf("a pass on request: %+v, error %v", all, err)
	}
	if n := azure.Writes(); n > 0 {
		t.Errorf("%d writes to Azure without a cluster", n)
	}
	addr := d.Addr().String()
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	if conn, err := net.Dial("tcp", addr); err == nil {
		_ = conn.Close()
		t.Error("the port is open after Run")
	}
}

// TestDaemonPassOfSeveral asks a daemon of two clusters for a pass: the answer has one result of each, in the order of
// the configuration, and tells of what was pushed right before. A request that a proxy has forwarded gets no pass.
func TestDaemonPassOfSeveral(t *testing.T) {
	repo := apptest.Repository(t)
	c := apptest.Config(t, repo.URL())
	c.Cluster = ""
	for _, name := range []string{"south", "north"} {
		c.Clusters = append(c.Clusters, config.Cluster{
			Name: name, Kubeconfig: c.Kubeconfig, Path: c.Source.Path, Namespaces: c.Namespaces, Capacity: c.Capacity,
		})
	}
	c.Source.Interval = 24 * time.Hour // only the request makes it look
	d := newDaemon(t, c, &logged{})
	start(t, d)
	eventually(t, "both clusters to have made a pass", func() bool {
		_, metrics := get(t, d, "/metrics")
		return !strings.Contains(metrics, `syncer_passes_total{cluster="south"} 0`) &&
			!strings.Contains(metrics, `syncer_passes_total{cluster="north"} 0`)
	})
	for _, message := range []string{"two", "three"} {
		pushed := repo.Commit(map[string]string{"workspaces/" + message + ".md": "text"}, message)
		all, err := ondemand.Request(t.Context(), "http://"+d.Addr().String(), "")
		if err != nil || len(all) != 2 || all[0].Cluster != "south" || all[1].Cluster != "north" {
			t.Fatalf("%+v, error %v", all, err)
		}
		for _, r := range all {
			if r.Commit != pushed || r.Settled || !strings.Contains(r.Error, "cannot be used") {
				t.Errorf("after commit %s: %+v", pushed, r)
			}
		}
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+d.Addr().String()+"/reconcile", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", "10.0.0.7")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("from elsewhere: %s", response.Status)
	}
}

// TestDaemonReloads changes the configuration file: a value that is not valid is logged once and changes nothing, a
// file with equal values starts nothing, and a valid change starts the loop over.
func TestDaemonReloads(t *testing.T) {
	base := apptest.Config(t, apptest.Repository(t).Dir)
	file := filepath.Join(t.TempDir(), "syncer.yaml")
	write := func(text string) {
		t.Helper()
		next := file + ".next" // renamed, so that the daemon never reads a half-written file
		if err := os.WriteFile(next, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, file); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	loads := make(chan string, 100)
	log := &logged{}
	d, err := app.NewDaemon(app.DaemonOptions{
		Load: func() (config.Config, error) {
			text, err := os.ReadFile(file)
			c := base
			c.Status.Author.Name = strings.TrimSpace(string(text))
			if c.Status.Author.Name == "bad" {
				err = errors.New("bad value")
			}
			loads <- string(text)
			return c, err
		},
		ConfigFile: file,
		Log:        slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	stop := start(t, d)
	eventually(t, "the first pass", func() bool {
		_, ready := get(t, d, "/readyz")
		return strings.Contains(ready, "[-]kubernetes: ")
	})
	loaded := func(text string) {
		t.Helper()
		write(text)
		eventually(t, "the daemon reads "+text, func() bool {
			select {
			case got := <-loads:
				return got == text
			default:
				return false
			}
		})
	}
	loaded("bad")
	eventually(t, "the error is in the log", func() bool { return log.count("bad value") == 1 })
	loaded("one\n")
	loaded("two")
	eventually(t, "the daemon reloads", func() bool { return log.count("configuration reloaded") == 1 })
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
	if n := log.count("syncer continues with the old one"); n != 1 {
		t.Errorf("the error is logged %d times", n)
	}
}

// TestDaemonOnePass ends after a pass, even if it could not reach the API server, and does not listen.
func TestDaemonOnePass(t *testing.T) {
	c := apptest.Config(t, filepath.Join(t.TempDir(), "nowhere.git"))
	d, err := app.NewDaemon(app.DaemonOptions{
		Load:       func() (config.Config, error) { return c, nil },
		ConfigFile: filepath.Join(t.TempDir(), "syncer.yaml"),
		Until:      app.OnePass,
		Log:        slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.Addr() != nil {
		t.Errorf("it listens on %s", d.Addr())
	}
	last, err := d.Run(t.Context())
	if err != nil || last.Err == nil || last.Commit != "" {
		t.Errorf("outcome %+v, error %v", last, err)
	}
}

func TestNewDaemonErrors(t *testing.T) {
	good := apptest.Config(t, apptest.Repository(t).Dir)
	good.Listen = ""
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	tests := []struct {
		name string
		edit func(*config.Config) error
		want string
	}{
		{"no configuration", func(*config.Config) error { return errors.New("no configuration") }, "no configuration"},
		{"no cluster", func(c *config.Config) error { c.Cluster = ""; return nil }, "cluster: is required"},
		{"no kubeconfig", func(c *config.Config) error { c.Kubeconfig = "nowhere"; return nil }, "read kubeconfig"},
		{"a busy port", func(c *config.Config) error {
			c.Listen = busy.Addr().String()
			return nil
		}, "listen (configuration: listen)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := app.NewDaemon(app.DaemonOptions{
				Load: func() (config.Config, error) {
					c := good
					return c, test.edit(&c)
				},
				Log: slog.New(slog.DiscardHandler),
			})
			apptest.WantError(t, err, test.want)
		})
	}
	d, err := app.NewDaemon(app.DaemonOptions{Load: func() (config.Config, error) { return good, nil }})
	if err != nil || d.Addr() != nil || d.Close() != nil {
		t.Errorf("a daemon without a port: %v", err)
	}
}

// TestDaemonOfSeveralClusters serves two clusters, none of which answers: one port names each of them, and one fetch
// serves both.
func TestDaemonOfSeveralClusters(t *testing.T) {
	repo := apptest.Repository(t)
	c := apptest.Config(t, repo.URL())
	c.Cluster = ""
	other := apptest.Kubeconfig(t)
	c.Clusters = []config.Cluster{
		{Name: "north", Kubeconfig: c.Kubeconfig, Path: "workspaces", Namespaces: c.Namespaces, Capacity: c.Capacity},
		{Name: "south", Kubeconfig: other, Path: "workspaces", Namespaces: c.Namespaces, Capacity: c.Capacity},
	}
	log := &logged{}
	d := newDaemon(t, c, log)
	stop := start(t, d)
	eventually(t, "/readyz names both", func() bool {
		_, ready := get(t, d, "/readyz")
		return strings.Contains(ready, "[-]north/kubernetes: ") && strings.Contains(ready, "[-]south/kubernetes: ") &&
			strings.Contains(ready, "[+]north/git: ok") && strings.Contains(ready, "[+]south/git: ok")
	})
	_, metrics := get(t, d, "/metrics")
	for _, want := range []string{
		`syncer_component_up{cluster="north",component="git"} 1`, `syncer_component_up{cluster="south",component="git"} 1`,
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("/metrics has no %q:\n%s", want, metrics)
		}
	}
	eventually(t, "the log names the clusters", func() bool {
		return log.count("cluster=north") > 0 && log.count("cluster=south") > 0
	})
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run: %v", err)
	}
}
