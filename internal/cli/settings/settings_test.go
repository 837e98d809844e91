// SPDX-License-Identifier: Apache-2.0

package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/source"
)

const header = "apiVersion: syncer.dev/v1alpha1\nkind: Config\n"

// env returns an environment with the given variables only.
func env(variables map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := variables[name]; return v, ok }
}

// write writes a file in a folder, and returns its path.
func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestLoad says which source of a value wins.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, dir, source.DefaultConfig, header+"cluster: file\n")
	named := write(t, dir, "named.yaml", header+"cluster: named\n")
	variables := map[string]string{"SYNCER_CLUSTER": "variable"}
	for name, test := range map[string]struct {
		s    settings.Settings
		want string
	}{
		"the file of the repository": {settings.Settings{}, "file"},
		"a file that is named":       {settings.Settings{File: named}, "named"},
		"a file in the environment":  {settings.Settings{Env: env(map[string]string{"SYNCER_CONFIG": named})}, "named"},
		"the environment":            {settings.Settings{File: named, Env: env(variables)}, "variable"},
		"--set over the environment": {settings.Settings{Set: []string{"cluster=set"}, Env: env(variables)}, "set"},
		"the later --set":            {settings.Settings{Set: []string{"cluster=set", "cluster=later"}}, "later"},
		"a flag over the environment": {
			settings.Settings{Flags: map[string]string{"cluster": "flag"}, Env: env(variables)}, "flag",
		},
	} {
		if test.s.Env == nil {
			test.s.Env = env(nil)
		}
		if c, err := test.s.Load(); err != nil || c.Cluster != test.want {
			t.Errorf("%s: got %q, %v; want %q", name, c.Cluster, err, test.want)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	prices := write(t, dir, "prices.json", "{}")
	for name, test := range map[string]struct {
		s    settings.Settings
		want string
	}{
		"no value":      {settings.Settings{Set: []string{"cluster"}}, `--set: "cluster" is not section.key=value`},
		"unknown":       {settings.Settings{Set: []string{"clustr=x"}}, `unknown field "clustr" (did you mean "cluster"?)`},
		"a section":     {settings.Settings{Set: []string{"source=x"}}, `"source" is a section; set one of its`},
		"nothing near":  {settings.Settings{Set: []string{"=x"}}, `unknown field ""`},
		"a wrong type":  {settings.Settings{Set: []string{"prune=maybe"}}, "--set: prune: must be true or false"},
		"a wrong value": {settings.Settings{Set: []string{"policy.deletion=x"}}, `  --set: policy.deletion: "x" is not a `},
		"a wrong list":  {settings.Settings{Set: []string{"namespaces=A_B"}}, "  --set: namespaces: "},
		"a wrong flag": {
			settings.Settings{Flags: map[string]string{"policy.deletion": "x"}}, "  --policy-deletion: policy.deletion: ",
		},
		"given twice": {
			settings.Settings{Set: []string{"cluster=a"}, Flags: map[string]string{"cluster": "b"}},
			"cluster is given twice, by --cluster and by --set",
		},
		"no file":      {settings.Settings{File: "nowhere.yaml"}, "read configuration: open nowhere.yaml"},
		"a price list": {settings.Settings{Set: []string{"capacity.prices=" + prices}}, "capacity.prices: "},
	} {
		test.s.Env = env(nil)
		if _, err := test.s.Load(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestHere(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	s := settings.Settings{Env: env(nil)}
	if path, data, err := s.Here(); err != nil || data != nil || filepath.Base(path) != source.DefaultConfig {
		t.Errorf("without a file: %q, %q, %v", path, data, err)
	}
	write(t, dir, source.DefaultConfig, header)
	if path, data, err := s.Here(); err != nil || string(data) != header || filepath.Base(path) != source.DefaultConfig {
		t.Errorf("with a file: %q, %q, %v", path, data, err)
	}
}

// TestOffline says what commands take for granted when no configuration is there.
func TestOffline(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	s := settings.Settings{Env: env(nil)}
	r, err := s.Offline([]string{"."})
	if err != nil || r.Config.Cluster != "example" || r.Config.Capacity.AKS.Location != source.DefaultRegion ||
		r.Config.Namespaces != nil || r.File != "" {
		t.Errorf("without a file: %+v, %v", r, err)
	}
	write(t, dir, "a/"+source.DefaultConfig, header+"cluster: a\n")
	write(t, dir, "b/"+source.DefaultConfig, header+"cluster: b\n")
	if r, err = s.Offline([]string{"a"}); err != nil || r.Config.Cluster != "a" || r.Config.Namespaces == nil ||
		r.File == "" {
		t.Errorf("with a file: %+v, %v", r, err)
	}
	if _, err = s.Offline([]string{"a", "b"}); err == nil ||
		!strings.Contains(err.Error(), "run a command for each") {
		t.Errorf("two configurations: %v", err)
	}
	s.File = "b/" + source.DefaultConfig
	if r, err = s.Offline([]string{"a", "b"}); err != nil || r.Config.Cluster != "b" {
		t.Errorf("two configurations, one named: %+v, %v", r, err)
	}
}
