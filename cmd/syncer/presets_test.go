package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPresetsAddOnline asks a Hugging Face that holds one model.
func TestPresetsAddOnline(t *testing.T) {
	const sha, secret = "0123456789abcdef0123456789abcdef01234567", "hf_secret"
	answers := map[string]string{
		"/api/models/team/model":                      `{"id": "Team/Model", "sha": "` + sha + `", "gated": "auto", "pipeline_tag": "text-generation", "cardData": {"license": "mit"}}`,
		"/api/models/Team/Model/tree/" + sha:          `[{"type": "file", "path": "config.json", "size": 9}, {"type": "file", "path": "model.safetensors", "size": 1073741824}]`,
		"/Team/Model/resolve/" + sha + "/config.json": `{"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}`,
		"/api/models/team/other":                      `{"id": "team/other", "sha": "` + sha + `"}`,
		"/api/models/team/other/tree/" + sha:          `[{"type": "file", "path": "README.md", "size": 9}]`,
		"/team/other/resolve/" + sha + "/config.json": `{}`,
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := answers[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
		case strings.Contains(r.URL.Path, "/resolve/") && r.Header.Get("Authorization") != "Bearer "+secret:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			_, _ = w.Write([]byte(text))
		}
	}))
	t.Cleanup(s.Close)

	tests := []struct {
		repo, token, endpoint string
		code                  int
		says                  string
	}{
		{"team/model", secret, s.URL, exitYes, "model: 1.0 GiB of weights, LlamaForCausalLM of 2048 tokens, 2 layers"},
		{"team/model", "", s.URL, exitTrouble, "hint: accept the licence of the model on its page and set HF_TOKEN"},
		{"team/nothing", "", s.URL, exitTrouble, "look up team/nothing: it is not there (status 404)"},
		{"team/other", secret, s.URL, exitNo, "no weights: neither .safetensors nor .bin files are listed"},
		{"team/model", secret, "http://mirror.example", exitTrouble, "HF_ENDPOINT: the endpoint must be https"},
		{"team/model", secret, "http://127.0.0.1:1", exitTrouble, "hint: without network, download config.json"},
	}
	for _, test := range tests {
		dir := t.TempDir()
		env := map[string]string{"HF_ENDPOINT": test.endpoint, "HF_TOKEN": test.token}
		var out, talk bytes.Buffer
		code := run(context.Background(), []string{"presets", "add", test.repo, dir}, stdio{
			out: &out, err: &talk, env: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		})
		if code != test.code || !strings.Contains(talk.String(), test.says) || strings.Contains(out.String()+talk.String(), secret) {
			t.Errorf("%s: exit code %d, and\n%s%s", test.repo, code, out.String(), talk.String())
		}
		text, err := os.ReadFile(filepath.Join(dir, "models", "model", "preset.yaml"))
		if (err == nil) != (test.code == exitYes) {
			t.Errorf("%s: %v", test.repo, err)
		}
		if err == nil && (!bytes.Contains(text, []byte("repo: Team/Model\n")) || !bytes.Contains(text, []byte("gated: true\n")) || bytes.Contains(text, []byte(secret))) {
			t.Errorf("%s", text)
		}
	}
}

// TestWriteFolder: nothing is written outside of the folder, not even through a link.
func TestWriteFolder(t *testing.T) {
	outside := t.TempDir()
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "models")); err != nil {
		t.Fatal(err)
	}
	err := writeFolder(dir, map[string][]byte{"models/x": []byte("x")}, []string{"models/x"}, true)
	if entries, _ := os.ReadDir(outside); err == nil || len(entries) > 0 {
		t.Errorf("error %v, and %d files outside", err, len(entries))
	}
}

func TestPresetsTree(t *testing.T) {
	for dir, want := range map[string][2]string{
		"presets": {"presets", ""}, "a/presets/": {"a/presets", ""}, "presets/models": {"presets", ""}, "presets/models/x": {"presets", "x"},
		".": {".", ""}, "models": {".", ""}, "models/x": {".", "x"},
	} {
		if tree, name := presetsTree(filepath.FromSlash(dir), ""); filepath.ToSlash(tree) != want[0] || name != want[1] {
			t.Errorf("%s: %s, %s", dir, tree, name)
		}
	}
}

// TestPresetsAddFolder counts the parameters of files that are there.
func TestPresetsAddFolder(t *testing.T) {
	const header = `{"a": {"dtype": "BF16", "shape": [1000, 1000]}}`
	from, dir := t.TempDir(), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(from, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("config.json", `{"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}`)
	write("model.safetensors", string([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0})+header+strings.Repeat("x", 12<<20))
	add := func() (int, string) {
		var talk bytes.Buffer
		code := run(context.Background(), []string{"presets", "add", "team/model", dir, "--from", from}, stdio{
			out: &talk, err: &talk, env: func(string) (string, bool) { return "", false },
		})
		return code, talk.String()
	}
	code, talk := add()
	text, err := os.ReadFile(filepath.Join(dir, "models", "model", "preset.yaml"))
	if code != exitYes || err != nil || !bytes.Contains(text, []byte("parameters: 1000000\n")) || !bytes.Contains(text, []byte("weights: 0.01Gi\n")) {
		t.Errorf("exit code %d, %v\n%s\n%s", code, err, talk, text)
	}
	write("model.safetensors", "cut off")
	if code, talk := add(); code != exitTrouble || !strings.Contains(talk, "model.safetensors: read the header of safetensors: unexpected EOF (a download that was cut off?)") {
		t.Errorf("exit code %d\n%s", code, talk)
	}
}
