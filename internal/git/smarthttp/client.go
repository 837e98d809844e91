// SPDX-License-Identifier: Apache-2.0

// Package smarthttp is the HTTP client below Git's smart protocol. It reads certificates again when their files change,
// stays on the host that it was given, does not ask a server before the time that the server names, and tells a web
// page from Git.
package smarthttp

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Options say how to reach a server. No file needs to be named.
type Options struct {
	CAFile   string // PEM certificates to trust in addition to the system's
	CertFile string // PEM certificate to show to the server, with KeyFile
	KeyFile  string // PEM private key of CertFile
	MaxBody  int64  // bytes that are read of one answer
	// Now returns the time; time.Now if nil.
	Now func() time.Time
}

// NewClient returns a client of its own, so that nothing is shared with the process's default client. Proxies come from
// the environment. It reads the files, so that a mistake in them is known at once, and again for each request.
func NewClient(o Options) (*http.Client, error) {
	files, err := NewTransport(o)
	if err != nil {
		return nil, err
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	return &http.Client{
		Transport:     &gitOnly{next: files, max: o.MaxBody, now: now},
		CheckRedirect: checkRedirect,
	}, nil
}

// ErrOtherHost means that the server sent us to another host, which is not trusted with the content of the cluster.
var ErrOtherHost = errors.New("redirect to another host refused")

// checkRedirect lets a server move a repository within itself (/team/x to /team/x.git, http to https) but not
// elsewhere.
func checkRedirect(req *http.Request, via []*http.Request) error {
	from := via[0].URL
	if !strings.HasSuffix(req.URL.Path, "/info/refs") {
		return &NotGitError{what: fmt.Sprintf("a redirect to a web page, %s%s,", req.URL.Host, req.URL.Path)}
	}
	sameHost := strings.EqualFold(req.URL.Hostname(), from.Hostname())
	samePort := req.URL.Port() == from.Port() || from.Scheme == "http" && req.URL.Scheme == "https"
	if !sameHost || !samePort {
		return fmt.Errorf("%w: from %s to %s", ErrOtherHost, from.Host, req.URL.Host)
	}
	return nil
}

// gitOnly lets answers of Git and errors pass, within limits.
type gitOnly struct {
	next http.RoundTripper
	max  int64
	now  func() time.Time
	busy Pause
}

// maxErrorBody is enough for the message of a proxy or forge, in bytes.
const maxErrorBody = 8 << 10

// RoundTrip sends a request, unless the server has asked to wait.
func (g *gitOnly) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.busy.Check(g.now()); err != nil {
		return nil, err
	}
	res, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body := io.LimitReader(res.Body, g.max)
	switch {
	case g.busy.Note(res, g.now()):
		_ = res.Body.Close()
		return nil, g.busy.Check(g.now())
	case res.StatusCode >= http.StatusBadRequest:
		body = wordsOf(res)
	case res.StatusCode >= http.StatusMultipleChoices: // for checkRedirect
	default:
		if body, err = checkGit(req, res, body); err != nil {
			_ = res.Body.Close()
			return nil, err
		}
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{body, res.Body}
	return res, nil
}
