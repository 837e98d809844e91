// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/cli/exit"
	"syncer.dev/syncer/internal/cli/presetfiles"
)

// TestPresetsAddOnline asks a Hugging Face that holds one model.
func TestPresetsAddOnline(t *testing.T) {
	const sha, secret = "0123456789abcdef0123456789abcdef01234567", "hf_secret"
	answers := map[string]string{
		"/api/models/team/model": `{"id": "Team/Model", "sha": "` + sha + `", "gated": "auto",
			"pipeline_tag": "text-generation", "cardData": {"license": "mit"}}`,
		"/api/models/Team/Model/tree/" + sha: `[{"type": "file", "path": "config.json", "size": 9},
			{"type": "file", "path": "model.safetensors", "size": 1073741824}]`,
		"/Team/Model/resolve/" + sha + "/config.json": `{"architectures": ["LlamaForCausalLM"], "hidden_size": 64,
			"num_hidden_layers": 2, "num_attention_heads": 4}`,
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
		{"team/model", secret, s.URL, exit.Yes, "model: 1.0 GiB of weights, LlamaForCausalLM of 2048 tokens, 2 layers"},
		{"team/model", "", s.URL, exit.Failure, "hint: accept the licence of the model on its page and set HF_TOKEN"},
		{"team/nothing", "", s.URL, exit.Failure, "look up team/nothing: it does not exist (status 404)"},
		{"team/other", secret, s.URL, exit.No, "the repository has no weights"},
		{"team/model", secret, "http://mirror.example", exit.Failure, "HF_ENDPOINT: the endpoint must be https"},
		{"team/model", secret, "http://127.0.0.1:1", exit.Failure, "hint: without network, download config.json"},
	}
	for _, test := range tests {
		dir := t.TempDir()
		env := map[string]string{"HF_ENDPOINT": test.endpoint, "HF_TOKEN": test.token}
		got := execute(t, "", func(s Stdio) command {
			s.Env = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
			return presetsAddOptions{Stdio: s, addition: presetfiles.Addition{Repo: test.repo, Dir: dir}}
		})
		if got.code != test.code || !strings.Contains(got.err, test.says) || strings.Contains(got.out+got.err, secret) {
			t.Errorf("%s: got %s", test.repo, got)
		}
		text, err := os.ReadFile(filepath.Join(dir, "models", "model", "preset.yaml"))
		if (err == nil) != (test.code == exit.Yes) {
			t.Errorf("%s: %v", test.repo, err)
		}
		if err == nil &&
			(!bytes.Contains(text, []byte("repo: Team/Model\n")) || !bytes.Contains(text, []byte("gated: true\n")) ||
				bytes.Contains(text, []byte(secret))) {
			t.Errorf("%s", text)
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
	write(
		"config.json",
		`{"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}`,
	)
	write("model.safetensors", string([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0})+header+strings.Repeat("x", 12<<20))
	add := func() (int, string) {
		got := execute(t, "", func(s Stdio) command {
			return presetsAddOptions{Stdio: s, addition: presetfiles.Addition{Repo: "team/model", Dir: dir, From: from}}
		})
		return got.code, got.err
	}
	code, talk := add()
	text, err := os.ReadFile(filepath.Join(dir, "models", "model", "preset.yaml"))
	if code != exit.Yes || err != nil || !bytes.Contains(text, []byte("parameters: 1000000\n")) ||
		!bytes.Contains(text, []byte("weights: 0.01Gi\n")) {
		t.Errorf("exit code %d, %v\n%s\n%s", code, err, talk, text)
	}
	write("model.safetensors", "cut off")
	if code, talk := add(); code != exit.Failure ||
		!strings.Contains(
			talk,
			"model.safetensors: the safetensors file ends within its header (download the file again",
		) {
		t.Errorf("exit code %d\n%s", code, talk)
	}
}
