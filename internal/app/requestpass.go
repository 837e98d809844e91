// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"syncer.dev/syncer/internal/app/ondemand"
	"syncer.dev/syncer/internal/version"
)

// passTimeout bounds the wait for the answer of a daemon, which answers within half a minute. maxPassAnswer bounds its
// size, in bytes: the program that listens there need not be syncer.
const (
	passTimeout   = time.Minute
	maxPassAnswer = 64 << 10
)

// RequestPass asks the daemon at a URL for a pass, and returns its results, one for each cluster.
func RequestPass(ctx context.Context, address string) ([]ondemand.Result, error) {
	fail := func(err error) ([]ondemand.Result, error) {
		return nil, fmt.Errorf("ask the daemon at %s for a pass: %w", address, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/reconcile", http.NoBody)
	if err != nil {
		return fail(err)
	}
	req.Header.Set("User-Agent", version.UserAgent())
	client := http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}, Timeout: passTimeout}
	resp, err := client.Do(req)
	if err != nil {
		return fail(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPassAnswer))
	if err != nil {
		return fail(err)
	}
	all, ok := ondemand.Read(body)
	if !ok {
		text, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		return fail(fmt.Errorf("it answers %s: %s", resp.Status, text))
	}
	return all, nil
}
