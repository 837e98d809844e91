// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEveryValueIsClassified fails for a value of the configuration in neither list: decide whether a file that comes
// with a repository may set it. Add it to namedOnly if it names a host, a credential, or a file of this machine.
func TestEveryValueIsClassified(t *testing.T) {
	used := map[string]bool{}
	for _, f := range Fields() {
		named, found := listed(f.Path, namedOnly), listed(f.Path, foundToo)
		if named == found {
			t.Errorf("%s: in namedOnly %t, in foundToo %t; it must be in one of them", f.Path, named, found)
		}
		for _, entry := range slices.Concat(namedOnly, foundToo) {
			used[entry] = used[entry] || listed(f.Path, []string{entry})
		}
		for _, word := range []string{
			"url", "auth", "file", "env", "secret", "password", "token", "key", "endpoint",
			"proxy", "host", "address", "webhook",
		} {
			if slices.Contains(wordsOf(strings.ToLower(f.Path)), word) && !named {
				t.Errorf("%s: a value with %q in its name must be in namedOnly", f.Path, word)
			}
		}
	}
	for entry, ok := range used {
		if !ok {
			t.Errorf("%s is no value of the configuration", entry)
		}
	}
}

// TestFoundFile sets every value in a file that is found: those in namedOnly keep their defaults, with a warning.
func TestFoundFile(t *testing.T) {
	const file = `apiVersion: syncer.dev/v1alpha1
kind: Config
cluster: demo
source:
  url: https://example.com/models.git
  path: models
  auth:
    passwordEnv: AWS_SECRET_ACCESS_KEY
kubeconfig: evil.yaml
capacity:
  mode: aks
  aks: {endpoint: "https://example.com", audience: "https://example.com", location: westeurope}
  limits: {nodes: 3}
`
	none := func(string) (string, bool) { return "", false }
	c, notes, err := LoadFound("repo/syncer.yaml", []byte(file), none, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Cluster, want.Source.Path = "demo", "models"
	want.Capacity.AKS.Location, want.Capacity.Limits.Nodes = "westeurope", 3
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var said []string
	for _, n := range notes {
		said = append(said, fmt.Sprintf("%s:%d:%d %s", n.Path, n.Line, n.Column, n.Field))
	}
	wantSaid := []string{
		"repo/syncer.yaml:5:3 source.url", "repo/syncer.yaml:8:5 source.auth.passwordEnv", "repo/syncer.yaml:9:1 kubeconfig",
		"repo/syncer.yaml:12:9 capacity.aks.endpoint", "repo/syncer.yaml:12:42 capacity.aks.audience",
	}
	if diff := cmp.Diff(wantSaid, said); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if hint := notes[0].Hint; !strings.Contains(hint, "--config repo/syncer.yaml") {
		t.Errorf("hint %q", hint)
	}

	// The same file is obeyed when it is named, and the environment and flags are obeyed in any case.
	named, err := Load("repo/syncer.yaml", []byte(file), none, nil)
	if err != nil || named.Kubeconfig != "evil.yaml" || named.Source.URL == "" {
		t.Errorf("a named file: %+v, %v", named, err)
	}
	env := func(name string) (string, bool) { return "own.yaml", name == "SYNCER_KUBECONFIG" }
	c, notes, err = LoadFound("repo/syncer.yaml", []byte(file), env, map[string]string{"source.url": "/srv/models.git"})
	if err != nil || c.Kubeconfig != "own.yaml" || c.Source.URL != "/srv/models.git" || c.Source.Auth.PasswordEnv != "" {
		t.Errorf("environment and flags: %+v, %v", c, err)
	}
	if len(notes) != 3 {
		t.Errorf("a warning about what the environment or a flag gives: %v", notes)
	}
}

// valueFor returns a valid value of a field's type.
func valueFor(f Field) string {
	switch {
	case f.Default == "true", f.Default == "false":
		return "true"
	case strings.HasPrefix(f.Path, "source.limits.") && strings.HasSuffix(f.Path, "Size"):
		return "7Mi"
	case f.Path == "source.signatures.signers":
		return "[.=keys]"
	case f.Path == "review.url":
		return "https://git.example.com"
	case f.Path == "review.repository":
		return "team/models"
	case f.Path == "review.forge":
		return GitHub
	case f.Path == "pods.registries":
		return "[docker.io=registry.example.com]"
	case f.Path == "pods.proxy.no":
		return "[.example.com]"
	case strings.HasPrefix(f.Path, "pods."):
		return "https://mirror.example.com"
	case strings.HasSuffix(f.Path, "vaults"):
		return "[https://team.vault.azure.net]"
	}
	if _, err := time.ParseDuration(f.Default); err == nil && f.Default != "0" {
		return "7s"
	}
	if _, err := strconv.Atoi(f.Default); err == nil {
		return "7"
	}
	return "x"
}

// TestFoundFileIsNeverTrusted sets each value of namedOnly alone.
func TestFoundFileIsNeverTrusted(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	for _, f := range Fields() {
		if !listed(f.Path, namedOnly) {
			continue
		}
		value := valueFor(f)
		var text strings.Builder
		text.WriteString("apiVersion: syncer.dev/v1alpha1\nkind: Config\n")
		parts := strings.Split(f.Path, ".")
		for i, part := range parts {
			text.WriteString(strings.Repeat("  ", i) + part + ":")
			if i < len(parts)-1 {
				text.WriteString("\n")
			}
		}
		text.WriteString(" " + value + "\n")
		c, notes, err := LoadFound("syncer.yaml", []byte(text.String()), none, nil)
		if err != nil || len(notes) != 1 || notes[0].Field != f.Path {
			t.Errorf("%s: notes %v, %v", f.Path, notes, err)
		}
		if got := f.get(&c); got != f.Default {
			t.Errorf("%s is %q", f.Path, got)
		}
	}
}
