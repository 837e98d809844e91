// SPDX-License-Identifier: Apache-2.0

package postponed

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/apply/refusal"
)

// retryAfter is the header by which a client, and limit.Limiter, recognise that the server asks for a pause.
const retryAfter = "Retry-After"

// Transport takes the header away from the answer of a webhook. The status in the body still has the time.
func Transport(next http.RoundTripper) http.RoundTripper {
	return transport(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err == nil && resp.StatusCode >= http.StatusBadRequest && resp.Header.Get(retryAfter) != "" && ofWebhook(resp) {
			resp.Header.Del(retryAfter)
		}
		return resp, err
	})
}

type transport func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// maxStatus is more than any status that a server gives for an answer of a webhook, in bytes.
const maxStatus = 1 << 20

// ofWebhook reports whether the status in an answer is that of a webhook, and leaves the body to be read again.
func ofWebhook(resp *http.Response) bool {
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxStatus))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = failing{err}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(text), rest), resp.Body}
	var status metav1.Status
	return json.Unmarshal(text, &status) == nil && refusal.FromWebhook(errors.New(status.Message))
}

// failing is the rest of a body that cannot be read.
type failing struct{ err error }

// Read returns the error.
func (f failing) Read([]byte) (int, error) { return 0, f.err }
