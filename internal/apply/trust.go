// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net/http"
	"os"
	"sync"

	"k8s.io/client-go/rest"
)

// trusting makes a transport for a configuration without wrappers trust what its CA file holds at the time of a
// connection. client-go reads the file again too, but only every five minutes: for so long a server with a new
// certificate would be away.
func trusting(base *rest.Config) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		if base.CAFile == "" || len(base.CAData) > 0 {
			return next
		}
		t := &trust{base: base, current: next}
		t.read, _ = os.ReadFile(base.CAFile) // who made next has read it
		return t
	}
}

// trust sends requests by a transport that knows the CA file as it was read last.
type trust struct {
	base *rest.Config

	mu      sync.Mutex
	read    []byte
	current http.RoundTripper
}

// RoundTrip sends a request. If the server is not trusted, and the file has changed, the next connection trusts what it
// holds now.
func (t *trust) RoundTrip(r *http.Request) (*http.Response, error) {
	t.mu.Lock()
	current := t.current
	t.mu.Unlock()
	resp, err := current.RoundTrip(r)
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		t.again()
	}
	return resp, err
}

// again reads the file, and makes another transport if it holds another CA. A file that cannot be used changes nothing.
func (t *trust) again() {
	data, err := os.ReadFile(t.base.CAFile)
	if err != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if bytes.Equal(data, t.read) {
		return
	}
	next := rest.CopyConfig(t.base)
	next.CAFile, next.CAData = "", data
	if transport, err := rest.TransportFor(next); err == nil {
		t.current, t.read = transport, data
	}
}
