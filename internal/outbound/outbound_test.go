// SPDX-License-Identifier: Apache-2.0

package outbound

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestForbid(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	Forbid()
	clone := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	for name, client := range map[string]*http.Client{"default": http.DefaultClient, "empty": {}, "clone": clone} {
		if resp, err := client.Get(server.URL); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v, %v", name, resp, err)
		}
	}
	own := &http.Client{Transport: Transport()}
	resp, err := own.Get(server.URL)
	if err != nil || asked != 1 {
		t.Fatalf("a transport of its own: %v, asked %d times", err, asked)
	}
	_ = resp.Body.Close()
}
