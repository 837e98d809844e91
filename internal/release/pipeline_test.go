// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/install"
	"syncer.dev/syncer/internal/release/notices"
	"syncer.dev/syncer/internal/release/static"
	"syncer.dev/syncer/internal/schematest"
)

// goreleaser is what the tests read of .goreleaser.yaml.
type goreleaser struct {
	Builds []struct {
		Main                     string
		Env, Goos, Goarch, Flags []string
		Ldflags                  []string
	}
	Archives []struct{ Files []struct{ Src string } }
	SBOMs    []struct {
		Cmd  string
		Args []string
	}
}

func read(t *testing.T, name string, into any) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
	return text
}

// TestGoreleaser checks .goreleaser.yaml against goreleaser's own schema (www/static/schema.json of its repository, of
// August 2026): goreleaser v2.18 itself needs a newer Go than go.mod names. It also checks what the schema cannot know.
func TestGoreleaser(t *testing.T) {
	var c goreleaser
	text := read(t, ".goreleaser.yaml", &c)
	schema, err := os.ReadFile("testdata/goreleaser-schema.json")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := schematest.Parse(schema)
	if err != nil {
		t.Fatal(err)
	}
	document, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	if fault := rules.Check(document); fault != "" {
		t.Error(fault)
	}
	if wrong := bytes.Replace(document, []byte(`"goos"`), []byte(`"os"`), 1); rules.Check(wrong) == "" {
		t.Error("the schema admits a field that is unknown")
	}

	b := c.Builds[0]
	var platforms []string
	for _, system := range b.Goos {
		for _, arch := range b.Goarch {
			platforms = append(platforms, system+"/"+arch)
		}
	}
	slices.Sort(platforms)
	if diff := cmp.Diff(notices.Platforms, platforms); diff != "" {
		t.Errorf("the notices are those of other platforms (-notices +goreleaser)\n%s", diff)
	}
	// The same program as in the image: see package static.
	want := []string{"CGO_ENABLED=0", "-trimpath", "-s -w " + link + "{{ .Tag }}", "./cmd/syncer"}
	if diff := cmp.Diff(want, slices.Concat(b.Env, b.Flags, b.Ldflags, []string{b.Main})); diff != "" {
		t.Errorf("the program differs from that of the image (-image +goreleaser)\n%s", diff)
	}
	for _, f := range c.Archives[0].Files {
		if _, err := os.Stat(filepath.Join("../..", f.Src)); err != nil {
			t.Error(err)
		}
	}
}

// TestSBOMOfGoreleaser runs the command of .goreleaser.yaml as goreleaser does: in a folder of the module, with names
// relative to it.
func TestSBOMOfGoreleaser(t *testing.T) {
	var c goreleaser
	read(t, ".goreleaser.yaml", &c)
	s := c.SBOMs[0]
	if s.Cmd != "go" || s.Args[0] != "run" || s.Args[1] != "syncer.dev/syncer/internal/release" {
		t.Fatalf("%s %q", s.Cmd, s.Args)
	}
	binary, err := static.Build(t.Context(), static.Program{
		Package: "./testdata/program", OS: "linux", Arch: "amd64",
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, document := filepath.Join(dir, "program"), filepath.Join(dir, "program.spdx.json")
	if err := os.WriteFile(program, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	args := slices.Clone(s.Args[2:])
	for i, a := range args {
		if a == ".." { // of dist
			args[i] = "../.."
		}
		args[i] = strings.NewReplacer("$artifact", program, "$document", document, "{{ .Tag }}", "v0.1.0").Replace(args[i])
	}
	t.Setenv("SOURCE_DATE_EPOCH", "1781784000")
	if err := run(t.Context(), args, os.Stderr); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(document)
	if err != nil || !strings.Contains(string(text), `"SPDX-2.3"`) {
		t.Errorf("error %v\n%s", err, text)
	}
}

// TestReleaseWorkflow: the workflow pins its actions by hash, may no more than it needs, and pushes the image that
// "syncer install" installs.
func TestReleaseWorkflow(t *testing.T) {
	var w struct {
		Permissions map[string]string
		Jobs        map[string]struct {
			Permissions, Env map[string]string
			Steps            []struct{ Uses, Run string }
		}
	}
	read(t, ".github/workflows/release.yml", &w)
	if diff := cmp.Diff(map[string]string{"contents": "read"}, w.Permissions); diff != "" {
		t.Errorf("permissions of all jobs: %s", diff)
	}
	job := w.Jobs["release"]
	want := map[string]string{"contents": "write", "packages": "write", "id-token": "write", "attestations": "write"}
	if diff := cmp.Diff(want, job.Permissions); diff != "" {
		t.Errorf("permissions of the job: %s", diff)
	}
	if job.Env["IMAGE"] != install.Repository {
		t.Errorf("the workflow pushes %s, install uses %s", job.Env["IMAGE"], install.Repository)
	}
	pinned := regexp.MustCompile(`^[a-z-]+/[a-z-]+@[0-9a-f]{40}$`)
	var uses, runs string
	for _, s := range job.Steps {
		if s.Uses != "" && !pinned.MatchString(s.Uses) {
			t.Errorf("%s is not pinned by its hash", s.Uses)
		}
		uses, runs = uses+s.Uses+"\n", runs+s.Run+"\n"
	}
	for _, part := range []string{"cosign-installer@", "goreleaser-action@", "actions/attest@"} {
		if !strings.Contains(uses, part) {
			t.Errorf("no step uses %s", part)
		}
	}
	for _, part := range []string{"make -s image IMAGE=", "cosign sign --yes --recursive"} {
		if !strings.Contains(runs, part) {
			t.Errorf("no step runs %s", part)
		}
	}
}
