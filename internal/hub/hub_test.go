// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/derive"
)

const (
	sha    = "0123456789abcdef0123456789abcdef01234567"
	secret = "hf_secret"
	config = `{"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_hidden_layers": 2,
		"num_attention_heads": 4}`
	about = `{"id": "Team/Model", "sha": "` + sha + `", "gated": "manual", "pipeline_tag": "text-generation",
		"cardData": {"license": "other", "license_name": "team-licence", "license_link": "LICENSE",
			"base_model": "team/base"},
		"safetensors": {"total": 12345}}`
)

// server is a Hugging Face with one repository, of which handlers may replace parts.
func server(t *testing.T, replace map[string]http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	handlers := map[string]http.HandlerFunc{
		"/api/models/team/model": say(about),
		"/api/models/Team/Model/tree/" + sha: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("recursive") != "true" {
				http.Error(w, "not recursive", http.StatusBadRequest)
				return
			}
			if r.URL.Query().Get("cursor") == "" {
				w.Header().Set("Link", fmt.Sprintf(`<%s%s?recursive=true&cursor=2>; rel="next"`, s.URL, r.URL.Path))
				say(
					`[{"type": "directory", "path": "original", "size": 0}, {"type": "file", "path": "config.json", "size": 100}]`,
				)(w, r)
				return
			}
			say(`[{"type": "file", "path": "model.safetensors", "size": 2147483648}]`)(w, r)
		},
		"/Team/Model/resolve/" + sha + "/config.json": say(config),
	}
	for path, h := range replace {
		handlers[path] = h
	}
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := handlers[r.URL.Path]; ok {
			h(w, r)
			return
		}
		http.NotFound(w, r)
	})
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func say(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func look(t *testing.T, s *httptest.Server, token string) (derive.Input, error) {
	t.Helper()
	c, err := New(s.URL, token)
	if err != nil {
		t.Fatal(err)
	}
	return c.Look(context.Background(), "team/model", "")
}

func TestLook(t *testing.T) {
	in, err := look(t, server(t, nil), "")
	if err != nil {
		t.Fatal(err)
	}
	for fact, right := range map[string]bool{
		"repository":  in.Repo == "Team/Model",
		"revision":    in.Revision == sha,
		"gated":       in.Gated,
		"licence":     in.License == "team-licence",
		"its text":    in.LicenseURL == "https://huggingface.co/Team/Model/blob/"+sha+"/LICENSE",
		"task":        in.Task == "text-generation",
		"base models": len(in.BaseModels) == 1,
		"parameters":  in.Parameters == 12345,
		"files":       len(in.Files) == 2,
		"config":      string(in.Config.Data) == config,
	} {
		if !right {
			t.Errorf("wrong %s: %+v", fact, in)
		}
	}
	r, err := derive.Preset(in)
	if err != nil {
		t.Fatal(err)
	}
	p := r.Preset
	if p.Repo != "Team/Model" || p.Revision != sha || !p.Gated || r.Name != "model" || p.Model.WeightBytes != 2<<30 ||
		p.Model.Parameters != 12345 ||
		len(r.Warnings) > 0 {
		t.Errorf("%+v, warnings %v", p, r.Warnings)
	}
}

// TestErrors checks the error and the hint of each failure, and that none contains the token.
func TestErrors(t *testing.T) {
	const files, file = "/api/models/Team/Model/tree/" + sha, "/Team/Model/resolve/" + sha + "/config.json"
	tests := map[string]struct {
		replace map[string]http.HandlerFunc
		token   string
		want    string
		hint    string
	}{
		"not there": {
			map[string]http.HandlerFunc{"/api/models/team/model": status(404)},
			"",
			"look up team/model: it does not exist (status 404)",
			"",
		},
		"gated": {
			map[string]http.HandlerFunc{file: status(401)},
			"",
			"look up team/model: config.json: it is gated, private or does not exist (status 401)",
			"set HF_TOKEN",
		},
		"not allowed": {
			map[string]http.HandlerFunc{file: status(403)},
			secret,
			"look up team/model: config.json: the token has no access to it (status 403)",
			"accept the licence",
		},
		"too many": {
			map[string]http.HandlerFunc{files: status(429)},
			"",
			"look up team/model: list its files: status 429",
			"retry later",
		},
		"broken": {
			map[string]http.HandlerFunc{"/api/models/team/model": status(500)},
			"",
			"look up team/model: status 500",
			"",
		},
		"not JSON": {
			map[string]http.HandlerFunc{"/api/models/team/model": say("<html>")},
			"",
			"look up team/model: the answer is not what the API documents",
			"",
		},
		"renamed": {
			map[string]http.HandlerFunc{"/api/models/team/model": say(`{"id": "other/model", "sha": "` + sha + `"}`)},
			"",
			`look up team/model: the repository was renamed to "other/model"`,
			"",
		},
		"no commit": {
			map[string]http.HandlerFunc{"/api/models/team/model": say(`{"id": "team/model", "sha": "main"}`)},
			"",
			"look up team/model: the answer names no commit",
			"",
		},
		"huge": {
			map[string]http.HandlerFunc{file: say(strings.Repeat(" ", derive.MaxConfig+1))},
			"",
			"look up team/model: config.json: the answer is larger than 4 MiB",
			"",
		},
		"huge and broken": {
			map[string]http.HandlerFunc{"/api/models/team/model": say(strings.Repeat(" ", maxInfo+1))},
			"",
			"look up team/model: the answer is larger than 4 MiB",
			"",
		},
		"page elsewhere": {map[string]http.HandlerFunc{files: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", `<https://evil.example/next>; rel="next"`)
			say("[]")(w, r)
		}}, secret, "look up team/model: list its files: the next page is on another host", ""},
		"pages without end": {map[string]http.HandlerFunc{files: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", `<`+files+`?recursive=true>; rel="next"`)
			say("[]")(w, r)
		}}, "", "look up team/model: list its files: more than 50 pages", ""},
		"redirects without end": {map[string]http.HandlerFunc{file: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, file, http.StatusFound)
		}}, "", "look up team/model: config.json: too many redirects", ""},
		"redirect to a file": {map[string]http.HandlerFunc{file: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		}}, "", "look up team/model: config.json: a redirect leaves https", ""},
		"cut off": {map[string]http.HandlerFunc{file: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("{"))
		}}, "", "look up team/model: config.json: read the answer: unexpected EOF", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := look(t, server(t, test.replace), test.token)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), secret) {
				t.Fatalf("have %v\nwant %s", err, test.want)
			}
			var s *StatusError
			if hint := ""; errors.As(err, &s) {
				if hint = s.Hint(); (hint == "") != (test.hint == "") || !strings.Contains(hint, test.hint) {
					t.Errorf("hint %q", hint)
				}
			}
		})
	}
}

// TestToken: the token reaches the endpoint, and never the host that a redirect leads to.
func TestToken(t *testing.T) {
	var leaked []string
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked = append(leaked, r.Header.Get("Authorization"))
		say(config)(w, r)
	}))
	t.Cleanup(store.Close)
	var seen string
	s := server(t, map[string]http.HandlerFunc{
		"/Team/Model/resolve/" + sha + "/config.json": func(w http.ResponseWriter, r *http.Request) {
			seen = r.Header.Get("Authorization")
			http.Redirect(w, r, store.URL+"/object?signature=x", http.StatusFound)
		},
	})
	in, err := look(t, s, secret)
	if err != nil || string(in.Config.Data) != config {
		t.Fatal(err)
	}
	if seen != "Bearer "+secret || len(leaked) != 1 || leaked[0] != "" {
		t.Errorf("the endpoint got %q, the other host %q", seen, leaked)
	}
	if strings.Contains(fmt.Sprintf("%+v", in), secret) {
		t.Error("the token is in what was found")
	}
}

func TestEndpoint(t *testing.T) {
	for endpoint, ok := range map[string]bool{
		DefaultEndpoint:                        true,
		"https://mirror.example/hf/":           true,
		"http://127.0.0.1:8080":                true,
		"http://localhost":                     true,
		"http://[::1]:1":                       true,
		"http://mirror.example":                false,
		"ftp://127.0.0.1":                      false,
		"":                                     false,
		"https://":                             false,
		"https://user:password@mirror.example": false,
		"https://mirror.example?x=1":           false,
		"http://localhost.evil.example":        false,
		"://":                                  false,
	} {
		if _, err := New(endpoint, ""); (err == nil) != ok {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	c, err := New(DefaultEndpoint, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Look(context.Background(), "../../admin", ""); err == nil {
		t.Error("a name that is none was looked up")
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := server(t, map[string]http.HandlerFunc{"/api/models/team/model": func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}})
	c, err := New(s.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Look(ctx, "team/model", ""); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestRevision: a branch or a tag is resolved to the commit that the preset pins.
func TestRevision(t *testing.T) {
	s := server(t, map[string]http.HandlerFunc{
		"/api/models/team/model":                   status(http.StatusTeapot),
		"/api/models/team/model/revision/v1.0":     say(about),
		"/api/models/team/model/revision/" + sha:   say(about),
		"/api/models/team/model/revision/" + other: say(about),
	})
	c, err := New(s.URL, "")
	if err != nil {
		t.Fatal(err)
	}
	for revision, want := range map[string]string{
		"v1.0":    "",
		sha:       "",
		other:     "look up team/model: the answer is about commit " + sha,
		"a/../b":  `look up team/model: "a/../b" is not a commit, a branch or a tag`,
		"..":      `look up team/model: ".." is not a commit, a branch or a tag`,
		"missing": "look up team/model: it does not exist (status 404)",
	} {
		in, err := c.Look(context.Background(), "team/model", revision)
		if got := fmt.Sprint(err); want != "" && got != want {
			t.Errorf("%s: have %s, want %s", revision, got, want)
		}
		if want == "" && (err != nil || in.Revision != sha) {
			t.Errorf("%s: commit %q, %v", revision, in.Revision, err)
		}
	}
}

// other is a commit of another repository.
const other = "ffffffffffffffffffffffffffffffffffffffff"
