// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/derive"
	"syncer.dev/syncer/internal/diag"
)

// answers is a server that answers requests for a description, a list of files and a file with any text, and
// remembers what was asked.
type answers struct {
	info, files, link, config string
	asked                     []*http.Request
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked = append(a.asked, r)
	res := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r}
	text := a.config
	switch {
	case strings.Contains(r.URL.Path, "/tree/"):
		text = a.files
		res.Header.Set("Link", a.link)
	case strings.HasPrefix(r.URL.Path, "/api/models/"):
		text = a.info
	}
	res.Body = io.NopCloser(strings.NewReader(text))
	return res, nil
}

// FuzzLook: for any answers of a server, every request goes to it alone, in bounded number, and what is found is a
// repository of the name that was asked for at a commit, of which "presets add" makes a preset or says what is wrong.
func FuzzLook(f *testing.F) {
	const list = `[{"type": "file", "path": "config.json", "size": 100}, ` +
		`{"type": "file", "path": "m.safetensors", "size": 9}]`
	f.Add(about, list, "", config)
	f.Add(about, list, `</api/models/Team/Model/tree/`+sha+`?cursor=2>; rel="next"`, config)
	f.Add(about, list, `<https://elsewhere.example.com/tree/x>; rel="next"`, config)
	f.Add(about, list, `<//elsewhere.example.com/tree/x>; rel=next`, config)
	f.Add(about, `[{"type": "file", "path": "../../m.safetensors", "size": -1}]`, "", config)
	f.Add(strings.ReplaceAll(about, sha, "../../secret"), list, "", config)
	f.Add(strings.ReplaceAll(about, "Team/Model", "other/model"), list, "", config)
	f.Add(`{"id": "team/model", "sha": "`+sha+`", "cardData": {"base_model": [1, "\u0000"]}}`, list, "", "[]")
	f.Add("<html>", "{}", "", "")
	hash := regexp.MustCompile(`^[0-9a-f]{40}$`)
	f.Fuzz(func(t *testing.T, info, files, link, config string) {
		c, err := New("https://hub.example.com", secret)
		if err != nil {
			t.Fatal(err)
		}
		server := &answers{info: info, files: files, link: link, config: config}
		c.http.Transport = sameHost{base: c.base, token: secret, next: server}
		in, err := c.Look(context.Background(), "team/model", "")
		if len(server.asked) > maxPages+2 {
			t.Fatalf("%d requests", len(server.asked))
		}
		for _, r := range server.asked {
			if r.URL.Host != "hub.example.com" || r.URL.Scheme != "https" || r.URL.User != nil {
				t.Fatalf("asked %s", r.URL)
			}
		}
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Fatal("an error shows the token")
			}
			return
		}
		if !strings.EqualFold(in.Repo, "team/model") || derive.Repo(in.Repo) != nil || !hash.MatchString(in.Revision) ||
			in.Parameters < 0 {
			t.Fatalf("%+v", in)
		}
		r, err := derive.Preset(in)
		var d diag.Diagnostic
		if err != nil && !errors.As(err, &d) {
			t.Fatalf("%v is no diagnostic", err)
		}
		if err == nil && (r.Preset.Repo != in.Repo || r.Preset.Revision != in.Revision) {
			t.Fatalf("a preset of %s at %s", r.Preset.Repo, r.Preset.Revision)
		}
	})
}
