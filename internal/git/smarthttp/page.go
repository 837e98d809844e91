// SPDX-License-Identifier: Apache-2.0

package smarthttp

import (
	"bufio"
	"bytes"
	"fmt"
	"html"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"

	"syncer.dev/syncer/internal/git/advert"
)

// NotGitError means that something other than Git answered: a page to sign in, a captive portal, maintenance.
type NotGitError struct{ what string }

// Error says what the server answered with.
func (e *NotGitError) Error() string { return "the server answered with " + e.what + " instead of Git" }

// Hint names the usual cause.
func (e *NotGitError) Hint() string {
	return "check the credentials and the URL: a server sends its sign-in page when a token has expired or gives no access"
}

var title = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

// maxTitle is how much of a title an error quotes, in characters.
const maxTitle = 100

// page describes a web page by its title.
func page(text []byte) string {
	if m := title.FindSubmatch(text); m != nil {
		name := strings.ToValidUTF8(html.UnescapeString(string(m[1])), "")
		if name = strings.Join(strings.Fields(name), " "); name != "" {
			name = fmt.Sprintf("%.*s", maxTitle, name)
			return fmt.Sprintf("a web page (%s)", name)
		}
	}
	return "a web page"
}

// isPage reports whether an answer is HTML, by its type or by how it begins.
func isPage(res *http.Response, start []byte) bool {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	return kind == "text/html" || kind == "application/xhtml+xml" ||
		bytes.HasPrefix(bytes.TrimLeft(start, "\ufeff \t\r\n"), []byte("<"))
}

// checkGit refuses an answer that is not Git's. Git itself demands the media type of the list of refs
// (gitprotocol-http, "Smart Clients"). Servers are less careful with that of packs, so there only a web page is
// refused.
func checkGit(req *http.Request, res *http.Response, body io.Reader) (io.Reader, error) {
	r := bufio.NewReaderSize(body, advert.Size)
	start, _ := r.Peek(64)
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	list := strings.HasSuffix(req.URL.Path, "/info/refs")
	switch {
	case isPage(res, start):
		text, _ := io.ReadAll(io.LimitReader(r, maxErrorBody))
		return nil, &NotGitError{what: page(text)}
	case !list:
		return r, nil
	case !strings.HasPrefix(kind, "application/x-git-"):
		if kind == "" {
			kind = "data of no type"
		}
		return nil, &NotGitError{what: kind}
	}
	return r, advert.Check(r)
}

// wordsOf returns what a refusal says, with a web page replaced by its title.
func wordsOf(res *http.Response) io.Reader {
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorBody))
	if isPage(res, text) {
		return strings.NewReader(page(text))
	}
	return bytes.NewReader(text)
}
