// SPDX-License-Identifier: Apache-2.0

package ondemand

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"syncer.dev/syncer/internal/page/access"
	"syncer.dev/syncer/internal/version"
)

// passTimeout bounds the wait for the answer of a daemon, which answers within half a minute. maxPassAnswer bounds its
// size, in bytes: the program that listens there need not be syncer.
const (
	passTimeout   = time.Minute
	maxPassAnswer = 64 << 10
)

// PlainTokenError is the error of a token that would travel unencrypted to another machine.
type PlainTokenError struct{ Address string }

func (e *PlainTokenError) Error() string {
	return "a token is not sent unencrypted to another machine"
}

// Hint says what to do.
func (*PlainTokenError) Hint() string {
	return "use an https URL, or forward the port of syncer, which needs no token: " +
		"kubectl port-forward deployment/syncer 8080"
}

// UnreachableError is the error of an address that nothing answers at.
type UnreachableError struct{ Err error }

func (e *UnreachableError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the connection.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Hint says what to do.
func (*UnreachableError) Hint() string {
	return "name the daemon by --address; for one in a cluster forward its port first: " +
		"kubectl -n syncer port-forward deployment/syncer 8080"
}

// Request asks the daemon at a URL for a pass, and returns its results, one for each cluster. A daemon on another
// machine wants a token of Kubernetes; "" for none.
func Request(ctx context.Context, address, token string) ([]Result, error) {
	fail := func(err error) ([]Result, error) {
		return nil, fmt.Errorf("ask the daemon at %s for a pass: %w", address, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/reconcile", http.NoBody)
	if err != nil {
		return fail(err)
	}
	req.Header.Set("User-Agent", version.UserAgent())
	if token != "" {
		if req.URL.Scheme != "https" && !access.LoopbackHost(req) {
			return fail(&PlainTokenError{address})
		}
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}, Timeout: passTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // it would be no POST
	}
	resp, err := client.Do(req)
	var refused *net.OpError
	switch {
	case errors.As(err, &refused) && refused.Op == "dial":
		return fail(&UnreachableError{err})
	case err != nil:
		return fail(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPassAnswer))
	if err != nil {
		return fail(err)
	}
	all, ok := Read(body)
	if !ok {
		text, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		return fail(fmt.Errorf("it answers %s: %s", resp.Status, text))
	}
	return all, nil
}
