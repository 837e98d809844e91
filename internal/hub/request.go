// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// sameHost adds the token to requests to the host of the endpoint, and removes it from all others, such as redirects.
type sameHost struct {
	base  *url.URL
	token string
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (s sameHost) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("Authorization")
	if s.token != "" && r.URL.Scheme == s.base.Scheme && r.URL.Host == s.base.Host {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	return s.next.RoundTrip(r)
}

// maxRedirects is more than Hugging Face needs to send a file from its store.
const maxRedirects = 5

// follow lets redirects lead to other hosts, but never from https to anything else.
func follow(scheme string) func(*http.Request, []*http.Request) error {
	return func(r *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return errors.New("too many redirects")
		case r.URL.Scheme != scheme && r.URL.Scheme != "https":
			return errors.New("a redirect leaves https")
		}
		return nil
	}
}

// StatusError is an HTTP status other than 200.
type StatusError struct {
	Code  int
	token bool // the request had one
}

// Error returns the meaning of the status for a repository.
func (e *StatusError) Error() string {
	switch {
	case e.gated() && e.token:
		return fmt.Sprintf("the token has no access to it (status %d)", e.Code)
	case e.gated():
		return fmt.Sprintf("it is gated, private or does not exist (status %d)", e.Code)
	case e.Code == http.StatusNotFound:
		return "it does not exist (status 404)"
	}
	return fmt.Sprintf("status %d", e.Code)
}

// Hint returns the remedy, or "".
func (e *StatusError) Hint() string {
	switch {
	case e.gated() && e.token:
		return "accept the licence of the model on its page with the account of the token in HF_TOKEN"
	case e.gated():
		return "accept the licence of the model on its page and set HF_TOKEN; or download config.json and the index, " +
			"and give them with --config and --index"
	case e.Code == http.StatusTooManyRequests:
		return "retry later; with HF_TOKEN the limit is higher"
	}
	return ""
}

func (e *StatusError) gated() bool {
	return e.Code == http.StatusUnauthorized || e.Code == http.StatusForbidden
}

// get fetches an answer of at most limit bytes. Errors hold no URL, because the URL of a redirect may hold a signature.
func (c *Client) get(ctx context.Context, u *url.URL, limit int64) (data []byte, link string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("User-Agent", "syncer")
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, "", withoutURL(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, "", &StatusError{Code: resp.StatusCode, token: c.auth}
	}
	data, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, "", fmt.Errorf("read the answer: %w", withoutURL(err))
	}
	if int64(len(data)) > limit {
		return nil, "", fmt.Errorf("the answer is larger than %d MiB", limit>>20)
	}
	return data, resp.Header.Get("Link"), nil
}

func (c *Client) json(ctx context.Context, u *url.URL, limit int64, into any) (link string, err error) {
	data, link, err := c.get(ctx, u, limit)
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return "", fmt.Errorf("the answer is not what the API documents: %w", err)
	}
	return link, nil
}

func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
