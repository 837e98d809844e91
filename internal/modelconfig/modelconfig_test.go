// SPDX-License-Identifier: Apache-2.0

package modelconfig_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/imagespec"
	"syncer.dev/syncer/internal/modelconfig"
)

// TestInference compares what is found in each file of the archive with what the archive says.
func TestInference(t *testing.T) {
	compare(t, "testdata/inference.txtar", modelconfig.Inference)
}

// TestTraining does the same with the files of tunings.
func TestTraining(t *testing.T) {
	compare(t, "testdata/training.txtar", modelconfig.Training)
}

func compare(t *testing.T, file string, find func(string, modelconfig.Server) []diag.Diagnostic) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := &txtar.Archive{Comment: archive.Comment}
	server := map[string]modelconfig.Server{}
	for _, f := range archive.Files {
		if name, ok := strings.CutSuffix(f.Name, "/server"); ok {
			server[name] = serverOf(string(f.Data))
		}
	}
	for i, f := range archive.Files {
		switch name := path.Dir(f.Name); path.Base(f.Name) {
		case "want":
			continue
		case "config.yaml":
			out.Files = append(out.Files, f)
			if i+1 < len(archive.Files) && archive.Files[i+1].Name == name+"/server" {
				out.Files = append(out.Files, archive.Files[i+1])
			}
			var found strings.Builder
			for _, d := range find(string(f.Data), server[name]) {
				fmt.Fprintln(&found, d.String())
			}
			out.Files = append(out.Files, txtar.File{Name: name + "/want", Data: []byte(found.String())})
		}
	}
	if len(out.Files) < 16 {
		t.Errorf("only %d files", len(out.Files))
	}
	golden.Equal(t, file, txtar.Format(out))
}

// serverOf reads the description of a server: foreign, benchmark, or a flag with dashes on each line.
func serverOf(text string) modelconfig.Server {
	var s modelconfig.Server
	for line := range strings.Lines(text) {
		switch line = strings.TrimSpace(line); line {
		case "foreign":
			s.Foreign = true
		case "remote code":
			s.RemoteCode = true
		case "benchmark":
			s.Benchmark = true
		default:
			s.Flags = append(s.Flags, strings.TrimPrefix(line, "--"))
		}
	}
	return s
}

// TestEveryFlag: each flag of the image is known in each of its spellings, and one letter more is not.
func TestEveryFlag(t *testing.T) {
	spec := imagespec.Current()
	for _, name := range spec.FlagNames() {
		for _, spelled := range []string{name, strings.ReplaceAll(name, "-", "_")} {
			for _, d := range modelconfig.Inference("vllm:\n  "+spelled+": \"1\"\n", modelconfig.Server{}) {
				if d.Reason == diag.UnknownFlag {
					t.Errorf("%s: %v", spelled, d)
				}
			}
			wrong := modelconfig.Inference("vllm:\n  "+spelled+"q: \"1\"\n", modelconfig.Server{})
			if !slices.ContainsFunc(wrong, func(d diag.Diagnostic) bool {
				return d.Reason == diag.UnknownFlag && d.Severity == diag.Error && d.Line == 2 && d.Column == 3
			}) {
				t.Errorf("%sq: %v", spelled, wrong)
			}
		}
	}
	if n := len(spec.FlagNames()); n < 300 {
		t.Errorf("%d names", n)
	}
}

// TestEveryTrainingKey: each key of each section is known there, with dashes as well.
func TestEveryTrainingKey(t *testing.T) {
	keys := 0
	for section, args := range imagespec.Current().Tuning {
		for name := range args {
			for _, spelled := range []string{name, strings.ReplaceAll(name, "_", "-")} {
				text := "training_config:\n  " + section + ":\n    " + spelled + ": \"1\"\n"
				for _, d := range modelconfig.Training(text, modelconfig.Server{}) {
					if d.Reason == diag.UnknownFlag || d.Line != 3 {
						t.Errorf("%s: %v", text, d)
					}
				}
			}
			keys++
		}
	}
	if keys < 150 {
		t.Errorf("%d keys", keys)
	}
}

// TestCommandLine: a preset of the repository that the server would stop at.
func TestCommandLine(t *testing.T) {
	var got []string
	for _, d := range modelconfig.CommandLine(map[string]string{
		"trust-remote-code": "True", "swap-space": "4", "dtype": "", "kaito-max-probe-steps": "x", "load_format": "safe",
		"compilation-config.mode": "3", "hf-overrides": "{}", "enable-lora": "",
	}) {
		got = append(got, d.Field+" "+string(d.Reason))
	}
	want := []string{
		"dtype RequiredField", "kaito-max-probe-steps WrongType", "load_format InvalidValue", "swap-space UnknownFlag",
		"trust-remote-code InvalidValue",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestWarningsHideNoError: any number of warnings leaves room for an error behind them.
func TestWarningsHideNoError(t *testing.T) {
	var top, section strings.Builder
	for i := range 100 {
		fmt.Fprintf(&top, "unread%d: 1\n", i)
		fmt.Fprintf(&section, "    frobnication%d: 1\n", i)
	}
	for name, found := range map[string][]diag.Diagnostic{
		"inference": modelconfig.Inference(top.String()+"vllm: {middleware: evil.mod}\n", modelconfig.Server{}),
		"training": modelconfig.Training("training_config:\n  TrainingArguments:\n"+section.String()+
			"  ModelConfig: {revision: main}\n", modelconfig.Server{}),
	} {
		if !slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Reason == diag.FlagNotAllowed }) {
			t.Errorf("%s: no error among %d problems", name, len(found))
		}
		if len(found) > 100 {
			t.Errorf("%s: %d problems", name, len(found))
		}
	}
}
