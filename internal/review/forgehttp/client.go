// SPDX-License-Identifier: Apache-2.0

package forgehttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"syncer.dev/syncer/internal/git/smarthttp"
	"syncer.dev/syncer/internal/outbound"
	"syncer.dev/syncer/internal/redact"
	"syncer.dev/syncer/internal/review"
)

const (
	// requestTimeout is for one request, from connecting to the last byte.
	requestTimeout = 30 * time.Second
	// maxBody bounds one answer, in bytes: a page of 100 of GitHub's pull requests has about 2 MB, one of 100 comments of
	// the largest size 6.5 MB, and one of 20 of GitLab's largest 20 MB.
	maxBody = 32 << 20
	// maxRedirects is more than a renamed repository needs.
	maxRedirects = 3
)

// Options configure a Client.
type Options struct {
	Base *url.URL // of the API: requests go to its scheme and host only
	// Token returns the token, before each request, so that it may be rotated.
	Token func(ctx context.Context) (string, error)
	// Authorization returns the header for a token; a bearer token if nil.
	Authorization func(token string) string
	// Refused is called with a token that the server does not accept, such as one that was revoked, so that Token can
	// return another one. It may be nil.
	Refused func(ctx context.Context, token string)
	// HTTP has the transport, such as one with more certificate authorities; one of package outbound if nil.
	HTTP *http.Client
	// Now is the clock; time.Now if nil.
	Now func() time.Time
}

// Client is an HTTP client for the API of one server. It is safe for concurrent use.
type Client struct {
	base  *url.URL
	token func(context.Context) (string, error)
	auth  func(token string) string
	drop  func(context.Context, string)
	next  http.RoundTripper
	now   func() time.Time
	http  *http.Client
	pause pause
	known redact.Known
}

// New returns a client. It sends no request.
func New(o Options) *Client {
	c := &Client{base: o.Base, token: o.Token, auth: o.Authorization, drop: o.Refused, now: o.Now}
	if c.auth == nil {
		c.auth = func(token string) string { return "Bearer " + token }
	}
	if c.now == nil {
		c.now = time.Now
	}
	timeout := requestTimeout
	if o.HTTP != nil {
		c.next = o.HTTP.Transport
		if o.HTTP.Timeout > 0 {
			timeout = o.HTTP.Timeout
		}
	}
	if c.next == nil {
		c.next = outbound.Transport()
	}
	c.http = &http.Client{Transport: c, Timeout: timeout, CheckRedirect: c.follow}
	return c
}

// HTTP returns the client for an SDK.
func (c *Client) HTTP() *http.Client { return c.http }

// ParseBase parses the address of a server. It must be https, which protects the token in transit; plain http is
// accepted for a loopback address.
func ParseBase(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the address of the forge is not a URL such as https://git.example.com")
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !local) {
		return nil, errors.New("the address of the forge must be https")
	}
	return u, nil
}

// follow lets redirects lead to other paths of the same server only.
func (c *Client) follow(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errors.New("too many redirects")
	}
	return c.own(r)
}

func (c *Client) own(r *http.Request) error {
	if r.URL.Scheme != c.base.Scheme || !strings.EqualFold(r.URL.Host, c.base.Host) {
		return fmt.Errorf("the server leads to another one, %s", r.URL.Host)
	}
	return nil
}

// RoundTrip implements http.RoundTripper.
func (c *Client) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.roundTrip(r)
	if err != nil && r.Body != nil {
		_ = r.Body.Close() // as the contract of http.RoundTripper asks
	}
	return resp, err
}

func (c *Client) roundTrip(r *http.Request) (*http.Response, error) {
	if err := c.own(r); err != nil {
		return nil, err
	}
	if err := c.pause.check(c.now()); err != nil {
		return nil, err
	}
	token, err := c.token(r.Context())
	if busy := (*smarthttp.BusyError)(nil); errors.As(err, &busy) {
		return nil, &review.LimitError{Until: busy.Until, Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("get the token: %w", err)
	}
	c.known.Learn("", token)
	r = r.Clone(r.Context())
	r.Header.Del("Authorization")
	if token != "" {
		r.Header.Set("Authorization", c.auth(token))
	}
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusUnauthorized && c.drop != nil {
		c.drop(r.Context(), token)
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxBody}
	if err := c.limited(resp); err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	return resp, nil
}

// limited returns a *review.LimitError if the answer asks for a pause, which it notes.
func (c *Client) limited(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable:
	default:
		c.pause.spent(resp.Header, c.now())
		return nil
	}
	head, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
	return c.pause.note(resp.StatusCode, resp.Header, head, c.now())
}

// boundedBody fails where a body is longer than it may be.
type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, errLarge
	}
	return n, err
}

var errLarge = fmt.Errorf("the answer is larger than %d MiB", maxBody>>20)
