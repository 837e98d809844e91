// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/cli/presetfiles"
	"syncer.dev/syncer/internal/cli/scaffold"
	"syncer.dev/syncer/internal/cli/settings"
	"syncer.dev/syncer/internal/cli/sizes"
	"syncer.dev/syncer/internal/eject"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/version"
)

// command is the struct of options of a command.
type command interface {
	run(ctx context.Context) error
}

// result is what a command printed, and its exit code.
type result struct {
	code     int
	out, err string
}

// String returns the result as golden files have it.
func (r result) String() string {
	return fmt.Sprintf("exit code %d\n-- stdout --\n%s-- stderr --\n%s", r.code, r.out, r.err)
}

// execute runs a command that is made for the given streams and an empty environment.
func execute(t *testing.T, stdin string, make func(std Stdio) command) result {
	t.Helper()
	var out, talk bytes.Buffer
	std := Stdio{
		In:  strings.NewReader(stdin),
		Out: &out,
		Err: &talk,
		Env: func(string) (string, bool) { return "", false },
	}
	err := make(std).run(t.Context())
	code := exit.Code(t.Context(), err, &talk)
	return result{code, out.String(), talk.String()}
}

// settingsOf returns the settings of a command without flags.
func settingsOf(std Stdio) settings.Settings { return settings.Settings{Env: std.Env} }

// The fixtures: a repository with a preset of its own, the state before a change, and a file with a typing mistake.
const (
	repository = "testdata/repository"
	before     = "testdata/before/phi.yaml"
	after      = repository + "/models/phi.yaml"
	broken     = "testdata/broken/models.yaml"
	hostile    = "testdata/hostile/hostile.yaml"
)

// TestCommands compares the output of commands with golden files.
func TestCommands(t *testing.T) {
	const a100 = "Standard_NC24ads_A100_v4"
	tests := []struct {
		name string
		make func(std Stdio) command
	}{
		{"size-table", func(s Stdio) command {
			return sizeOptions{
				Stdio: s, settings: settingsOf(s),
				question: sizes.Question{Path: repository, Output: "table"},
			}
		}},
		{"size-all", func(s Stdio) command {
			return sizeOptions{
				Stdio: s, settings: settingsOf(s),
				question: sizes.Question{Path: repository, Output: "table", All: true},
			}
		}},
		{"size-arithmetic", func(s Stdio) command {
			return sizeOptions{
				Stdio: s, settings: settingsOf(s),
				question: sizes.Question{Path: after, Output: "table"},
			}
		}},
		{"size-broken", func(s Stdio) command {
			return sizeOptions{
				Stdio: s, settings: settingsOf(s),
				question: sizes.Question{Path: broken, Output: "table"},
			}
		}},
		{"size-kaito", func(s Stdio) command {
			return sizeOptions{
				Stdio: s, settings: settingsOf(s),
				question: sizes.Question{Path: after, InstanceType: a100, Compat: "kaito", Output: "json"},
			}
		}},
		{"validate-text", func(s Stdio) command {
			return validateOptions{Stdio: s, settings: settingsOf(s), paths: []string{broken}, format: "text"}
		}},
		{"validate-github", func(s Stdio) command {
			return validateOptions{Stdio: s, settings: settingsOf(s), paths: []string{broken}, format: "github"}
		}},
		{"validate-azure", func(s Stdio) command {
			return validateOptions{Stdio: s, settings: settingsOf(s), paths: []string{broken}, format: "azure"}
		}},
		{"validate-old", func(s Stdio) command {
			return validateOptions{Stdio: s, settings: settingsOf(s), paths: []string{after}, format: "text", old: before}
		}},
		{"validate-folder", func(s Stdio) command {
			return validateOptions{Stdio: s, settings: settingsOf(s), paths: []string{repository}, format: "text"}
		}},
		{"render-yaml", func(s Stdio) command {
			return renderOptions{Stdio: s, settings: settingsOf(s), paths: []string{after}, output: "yaml"}
		}},
		{"render-broken", func(s Stdio) command {
			return renderOptions{
				Stdio:    s,
				settings: settingsOf(s),
				paths:    []string{broken},
				output:   "json",
				size:     "Standard_NC48ads_A100_v4",
				nodes:    1,
			}
		}},
		{"prices-table", func(s Stdio) command { return pricesOptions{Stdio: s, settings: settingsOf(s), output: "table"} }},
		{"prices-one", func(s Stdio) command {
			return pricesOptions{Stdio: s, settings: settingsOf(s), output: "table", size: "standard_nc6s_v3"}
		}},
		{"prices-unknown", func(s Stdio) command {
			return pricesOptions{Stdio: s, settings: settingsOf(s), output: "table", size: "Standard_X"}
		}},
		{"presets-list", func(s Stdio) command {
			return presetsListOptions{Stdio: s, output: "table", repository: repository}
		}},
		{"presets-show", func(s Stdio) command {
			return presetsShowOptions{Stdio: s, name: "ours", output: "table", repository: repository}
		}},
		{"presets-show-yaml", func(s Stdio) command {
			return presetsShowOptions{Stdio: s, name: "team/ours", output: "yaml", repository: repository}
		}},
		{"presets-show-unknown", func(s Stdio) command {
			return presetsShowOptions{Stdio: s, name: "our", output: "table", repository: repository}
		}},
		{"new-inference", func(s Stdio) command {
			return newOptions{Stdio: s, workspace: scaffold.Workspace{Name: "llama", Preset: "llama-3.1-8b-instruct"}, file: "-"}
		}},
		{"new-tuning", func(s Stdio) command {
			w := scaffold.Workspace{Name: "tune", Preset: "phi-4-mini-instruct", Tune: true, Size: a100}
			return newOptions{Stdio: s, workspace: w, file: "-"}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := execute(t, "", test.make)
			golden.Equal(t, "testdata/golden/"+test.name+".txt", r.String())
			for line := range strings.Lines(r.out + r.err) {
				if strings.HasSuffix(line, " \n") {
					t.Errorf("blanks at the end of %q", line)
				}
			}
		})
	}
}

// TestUsage goes through options that a command refuses before it reads any file.
func TestUsage(t *testing.T) {
	tests := []struct {
		want string
		make func(std Stdio) command
	}{
		{"give either a PATH or --preset", func(s Stdio) command {
			return sizeOptions{Stdio: s, question: sizes.Question{Output: "json"}}
		}},
		{`--compat "x" is not known`, func(s Stdio) command {
			return sizeOptions{Stdio: s, question: sizes.Question{Path: ".", Compat: "x"}}
		}},
		{"are for --compat kaito", func(s Stdio) command {
			return sizeOptions{Stdio: s, question: sizes.Question{Path: ".", GPUs: 1}}
		}},
		{"--gpus needs --nodes", func(s Stdio) command {
			return sizeOptions{Stdio: s, question: sizes.Question{Path: ".", Compat: "kaito", GPUs: 1}}
		}},
		{"not one of lora, qlora", func(s Stdio) command {
			return sizeOptions{Stdio: s, question: sizes.Question{Path: ".", Tune: "x"}}
		}},
		{"must not be negative", func(s Stdio) command {
			return sizeOptions{Stdio: s, question: sizes.Question{Path: ".", Context: -1}}
		}},
		{`-o "x" is not one of`, func(s Stdio) command {
			return sizeOptions{Stdio: s, question: sizes.Question{Path: ".", Output: "x"}}
		}},
		{"give one of --base and", func(s Stdio) command { return validateOptions{Stdio: s, base: "x", old: "y"} }},
		{"--old compares with one", func(s Stdio) command { return validateOptions{Stdio: s, old: "y"} }},
		{`--format "x" is not one of`, func(s Stdio) command { return validateOptions{Stdio: s, format: "x"} }},
		{`-o "x" is not one of`, func(s Stdio) command { return renderOptions{Stdio: s, output: "x"} }},
		{"must not be negative", func(s Stdio) command { return renderOptions{Stdio: s, output: "yaml", nodes: -1} }},
		{`-o "x" is not one of`, func(s Stdio) command { return pricesOptions{Stdio: s, output: "x"} }},
		{`-o "x" is not one of`, func(s Stdio) command { return planOptions{Stdio: s, output: "x"} }},
		{`--color "sometimes" is not one of auto, always, never`, func(s Stdio) command {
			return planOptions{Stdio: s, output: "text", color: "sometimes"}
		}},
		{`-o "x" is not one of`, func(s Stdio) command { return statusOptions{Stdio: s, output: "x"} }},
		{"give the file", func(s Stdio) command { return pricesRefreshOptions{Stdio: s} }},
		{`-o "x" is not one of`, func(s Stdio) command { return presetsListOptions{Stdio: s, output: "x"} }},
		{`-o "x" is not one of`, func(s Stdio) command { return presetsShowOptions{Stdio: s, output: "x"} }},
		{"must be at least 1", func(s Stdio) command { return presetsEjectOptions{Stdio: s} }},
		{"--preset is not given", func(s Stdio) command {
			return newOptions{Stdio: s, workspace: scaffold.Workspace{Name: "x"}}
		}},
		{"need --tune", func(s Stdio) command {
			return newOptions{Stdio: s, workspace: scaffold.Workspace{Name: "x", Preset: "y", Method: "lora"}}
		}},
	}
	for _, test := range tests {
		r := execute(t, "", test.make)
		if r.code != exit.Failure || !strings.Contains(r.err, test.want) || r.out != "" {
			t.Errorf("got %s\nwant exit code %d and %q", r, exit.Failure, test.want)
		}
	}
}

// TestValidateStandardInput gives a file on standard input.
func TestValidateStandardInput(t *testing.T) {
	text, err := os.ReadFile(broken)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	r := execute(t, string(text), func(s Stdio) command {
		return validateOptions{Stdio: s, settings: settingsOf(s), paths: []string{"-"}, format: "text"}
	})
	if r.code != exit.No || !strings.HasPrefix(r.out, "<stdin>:9:1: error: inferense: ") {
		t.Errorf("got %s", r)
	}
}

// TestNewFile writes a Workspace that validate accepts, and never overwrites it.
func TestNewFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "phi.yaml")
	write := func() result {
		return execute(t, "", func(s Stdio) command {
			return newOptions{Stdio: s, workspace: scaffold.Workspace{Name: "phi", Preset: "phi-4-mini-instruct"}, file: file}
		})
	}
	if r := write(); r.code != exit.Yes || r.err != "wrote "+filepath.ToSlash(file)+"\n" {
		t.Errorf("got %s", r)
	}
	if r := write(); r.code != exit.No || !strings.Contains(r.err, "exists, and is not overwritten") {
		t.Errorf("got %s", r)
	}
	r := execute(t, "", func(s Stdio) command {
		return validateOptions{Stdio: s, settings: settingsOf(s), paths: []string{file}, format: "text"}
	})
	if r.code != exit.Yes || r.out != "" {
		t.Errorf("got %s", r)
	}
}

// TestPresetsEject writes the preset of a repository as Kustomize.
func TestPresetsEject(t *testing.T) {
	dir := t.TempDir()
	r := execute(t, "", func(s Stdio) command {
		return presetsEjectOptions{
			Stdio:      s,
			name:       "ours",
			dir:        dir,
			repository: repository,
			example:    eject.Options{GPUs: 1, Nodes: 1},
		}
	})
	if r.code != exit.Yes || r.out != filepath.Join(dir, "README.md")+"\n" {
		t.Errorf("got %s", r)
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		t.Error(err)
	}
}

// TestPresetsAddFiles derives a preset from two local files.
func TestPresetsAddFiles(t *testing.T) {
	dir := t.TempDir()
	r := execute(t, "", func(s Stdio) command {
		return presetsAddOptions{Stdio: s, addition: presetfiles.Addition{
			Repo:     "Qwen/Qwen3-0.6B",
			Dir:      dir,
			Config:   "testdata/model/config.json",
			Index:    "testdata/model/index.json",
			Revision: "0123456789abcdef0123456789abcdef01234567",
			License:  "apache-2.0",
		}}
	})
	if r.code != exit.Yes {
		t.Fatalf("got %s", r)
	}
	text, err := os.ReadFile(strings.TrimSpace(r.out))
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "testdata/golden/presets-add.yaml", text)
}

// TestVersionAndSchema run the commands without options.
func TestVersionAndSchema(t *testing.T) {
	r := execute(t, "", func(s Stdio) command { return versionOptions{s} })
	if want := "syncer " + version.String() + "\n"; r.out != want || r.code != exit.Yes {
		t.Errorf("got %s, want %q", r, want)
	}
	r = execute(t, "", func(s Stdio) command { return schemaOptions{s} })
	golden.Equal(t, "../../example-repo/.schema/syncer.json", r.out)
}

// TestOutputIsPrintable runs commands over a file that tries to control the terminal and the build log.
func TestOutputIsPrintable(t *testing.T) {
	commands := map[string]func(std Stdio) command{
		"render": func(s Stdio) command {
			return renderOptions{Stdio: s, settings: settingsOf(s), paths: []string{hostile}, output: "json"}
		},
	}
	for _, output := range []string{"table", "json"} {
		commands["size -o "+output] = func(s Stdio) command {
			return sizeOptions{
				Stdio: s, settings: settingsOf(s),
				question: sizes.Question{Path: hostile, Output: output},
			}
		}
	}
	for _, format := range []string{"text", "json", "github", "azure", "sarif"} {
		commands["validate --format "+format] = func(s Stdio) command {
			return validateOptions{Stdio: s, settings: settingsOf(s), paths: []string{hostile}, format: format}
		}
	}
	for name, make := range commands {
		r := execute(t, "", make)
		control := func(c rune) bool { return c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c)) }
		for line := range strings.Lines(r.out + r.err) {
			if strings.ContainsFunc(line, control) || strings.HasPrefix(line, "::error::") ||
				strings.Contains(line, "##vso[task.complete]") {
				t.Errorf("%s prints %q", name, line)
			}
		}
		if r.code != exit.No {
			t.Errorf("%s: got exit code %d, want %d", name, r.code, exit.No)
		}
	}
}
