// SPDX-License-Identifier: Apache-2.0

package postponed_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/apply/postponed"
)

const denied = `admission webhook "a" denied the request: later`

func status(message string, seconds int32) metav1.Status {
	return metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusTooManyRequests, Reason: metav1.StatusReasonTooManyRequests,
		Message: message, Details: &metav1.StatusDetails{RetryAfterSeconds: seconds},
	}
}

func refused(message string, seconds int32) error {
	return &apierrors.StatusError{ErrStatus: status(message, seconds)}
}

// TestObjects: the same request about an object waits for as long as a webhook asks, and no other does.
func TestObjects(t *testing.T) {
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		err  error
		want time.Duration
	}{
		"a webhook":                  {refused(denied, 30), 30 * time.Second},
		"a webhook that asks a day":  {refused(denied, 86400), 10 * time.Minute},
		"a webhook that cannot be":   {refused(`failed calling webhook "a": busy`, 5), 5 * time.Second},
		"a webhook without a time":   {refused(denied, 0), 0},
		"a webhook of another time":  {refused(denied, -3), 0},
		"the server":                 {refused("too many requests, please try again later", 30), 0},
		"an answer that is no error": {nil, 0},
	} {
		var o postponed.Objects
		o.Note("/a", []byte("x"), refused(denied, 7), now)
		o.Note("/a", []byte("x"), tt.err, now)
		for _, after := range []time.Duration{0, max(0, tt.want-time.Second), tt.want, tt.want + time.Second} {
			got := o.Check("/a", []byte("x"), now.Add(after))
			if (got != nil) != (after < tt.want) || got != nil && !errors.Is(got, tt.err) {
				t.Errorf("%s: after %s: %v", name, after, got)
			}
		}
		if o.Check("/a", []byte("y"), now) != nil || o.Check("/b", []byte("x"), now) != nil {
			t.Errorf("%s: another request waits too", name)
		}
	}
}

// TestTransport: the time of a webhook is no pause for all, and the answer is as it was.
func TestTransport(t *testing.T) {
	body := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	client := http.Client{Transport: postponed.Transport(http.DefaultTransport)}
	text := func(s metav1.Status) string {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, tt := range []struct {
		body, want string
	}{
		{text(status(denied, 30)), ""},
		{text(status("too many requests", 30)), "30"},
		{"admission webhook, said a proxy", "30"},
		{text(status(denied+strings.Repeat("x", 2<<20), 30)), "30"}, // no server says so much
		{"", "30"},
	} {
		body = tt.body
		resp, err := client.Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || string(got) != body || resp.Header.Get("Retry-After") != tt.want {
			t.Errorf("%.80q: Retry-After %q, %d bytes of %d, %v", body, resp.Header.Get("Retry-After"), len(got), len(body), err)
		}
	}
}
