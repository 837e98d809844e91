// SPDX-License-Identifier: Apache-2.0

// Package apptest gives tests of the wiring a repository, and configurations whose servers refuse connections.
package apptest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity/aks/armsim"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/git/gittest"
)

// Phi is a file with one Workspace.
const Phi = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector: {matchLabels: {app: phi}}
inference: {preset: {name: phi-4-mini-instruct}}
`

// Repository returns a repository with one Workspace.
func Repository(t testing.TB) *gittest.Repo {
	t.Helper()
	r := gittest.NewRepo(t)
	r.Commit(map[string]string{"workspaces/phi.yaml": Phi}, "one")
	return r
}

// RefusedAddr returns an address on this machine that refuses connections.
func RefusedAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Kubeconfig writes a kubeconfig for an API server that refuses connections.
func Kubeconfig(t testing.TB) string {
	t.Helper()
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test}}]
clusters: [{name: test, cluster: {server: "http://%s"}}]
`, RefusedAddr(t))
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Config returns a configuration of mode byo for a repository and an API server that refuses connections.
func Config(t testing.TB, url string) config.Config {
	t.Helper()
	c := config.Default()
	c.Cluster = "demo"
	c.Source.URL, c.Source.Path = url, "workspaces"
	c.Capacity.Mode = config.ModeBYO
	c.Kubeconfig = Kubeconfig(t)
	c.Listen = "127.0.0.1:0"
	return c
}

// OnAKS changes a configuration to mode aks, with an emulator in place of Azure.
func OnAKS(t testing.TB, c config.Config) (config.Config, *armsim.Server) {
	t.Helper()
	azure, err := armsim.Start(armsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = azure.Close() })
	c.Capacity.Mode = config.ModeAKS
	a := &c.Capacity.AKS
	a.SubscriptionID, a.ResourceGroup, a.Cluster, a.Location = "s", "rg", "aks", "eastus"
	a.Auth, a.Endpoint = "anonymous", azure.URL()
	return c, azure
}

// WantError fails the test unless err has the text.
func WantError(t testing.TB, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want %q", err, text)
	}
}
