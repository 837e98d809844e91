// SPDX-License-Identifier: Apache-2.0

// Package outbound makes the HTTP transports of our own clients, counts their requests, and takes the process's default
// transport out of use.
//
// Libraries that are handed nothing fall back to http.DefaultTransport; the loader of Kustomize is one of them. After
// Forbid they cannot reach anything: only what was given a transport on purpose can.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ErrForbidden is the error of every connection over the default transport.
var ErrForbidden = errors.New("nothing may be fetched with the default HTTP client")

// Transport returns a new transport like the default one of the standard library. Proxies come from the environment.
func Transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          100,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// Forbid makes http.DefaultTransport refuse every connection. A clone of it refuses as well. It is for main, before
// anything else.
func Forbid() {
	refuse := func(_ context.Context, _, address string) (net.Conn, error) {
		return nil, fmt.Errorf("connect to %s: %w", address, ErrForbidden)
	}
	http.DefaultTransport = &http.Transport{DialContext: refuse, DialTLSContext: refuse}
}
