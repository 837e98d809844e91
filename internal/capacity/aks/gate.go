package aks

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"syncer.dev/syncer/internal/capacity"
)

// gate keeps requests back that Azure has asked not to make: for as long as a 429 says, however long that is, for the whole
// subscription; and, after it has refused the identity, for a while that doubles each time. A request that is kept back
// fails at once, so that nobody waits for it.
//
// A throttled write stops all writes; a throttled read stops everything, for then Azure is asked too often altogether.
type gate struct {
	now func() time.Time

	mu     sync.Mutex
	closed map[string]closing // by kind of request
}

// closing is why and until when requests of a kind are kept back.
type closing struct {
	until time.Time
	step  time.Duration // how long the identity was refused the last time
	why   capacity.CloudError
}

const (
	throttledFor = 30 * time.Second // when a 429 does not say
	refusedFor   = time.Minute      // after the first refusal of the identity
	refusedMax   = 10 * time.Minute
)

func newGate(now func() time.Time) *gate { return &gate{now: now, closed: map[string]closing{}} }

// The kinds of request. Roles are given to each on its own.
const (
	kindReadPools  = "read agent pools"
	kindWritePools = "write agent pools"
	kindCompute    = "read sizes and quota"
)

func kindOf(r *http.Request) string {
	switch {
	case strings.Contains(r.URL.Path, "Microsoft.Compute"):
		return kindCompute
	case r.Method == http.MethodGet:
		return kindReadPools
	}
	return kindWritePools
}

// Do keeps the request back, or passes it on and learns from the answer.
func (g *gate) Do(req *policy.Request) (*http.Response, error) {
	kind := kindOf(req.Raw())
	if err := g.refuse(kind); err != nil {
		return nil, err
	}
	resp, err := req.Next()
	g.learn(kind, resp, err)
	return resp, err
}

func (g *gate) refuse(kind string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	if c := g.closed[kind]; now.Before(c.until) {
		why := c.why
		why.RetryAfter = c.until.Sub(now)
		return &keptBack{why}
	}
	return nil
}

// learn closes the gate for as long as the answer asks for, or opens it.
func (g *gate) learn(kind string, resp *http.Response, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var auth *azidentity.AuthenticationFailedError
	switch {
	case errors.As(err, &auth):
		g.refused("AuthenticationFailed", redact(auth.Error()), kindReadPools, kindWritePools, kindCompute)
	case err != nil || resp == nil:
	case resp.StatusCode == http.StatusTooManyRequests:
		wait := retryAfter(resp, g.now())
		if wait <= 0 {
			wait = throttledFor
		}
		kinds := []string{kindReadPools, kindWritePools, kindCompute}
		if kind == kindWritePools {
			kinds = []string{kindWritePools}
		}
		for _, k := range kinds {
			g.close(k, wait, capacity.CloudError{Class: capacity.ClassThrottled, Code: "Throttled", Message: fmt.Sprintf("Azure asks to wait until %s", g.now().Add(wait).UTC().Format(time.TimeOnly))})
		}
	case resp.StatusCode == http.StatusUnauthorized:
		g.refused("Unauthorized", "Azure refused the identity", kindReadPools, kindWritePools, kindCompute)
	case resp.StatusCode == http.StatusForbidden && codeOf(resp) == "AuthorizationFailed":
		// A policy, or a right over something that one pool is linked to, concerns that pool alone.
		g.refused("AuthorizationFailed", "the identity may not "+kind, kind)
	case resp.StatusCode < 300:
		delete(g.closed, kind)
	}
}

func (g *gate) refused(code, message string, kinds ...string) {
	for _, k := range kinds {
		step := min(max(2*g.closed[k].step, refusedFor), refusedMax)
		g.close(k, step, capacity.CloudError{Class: capacity.ClassPermission, Code: code, Message: message})
		c := g.closed[k]
		c.step = step
		g.closed[k] = c
	}
}

func (g *gate) close(kind string, wait time.Duration, why capacity.CloudError) {
	if until := g.now().Add(wait); until.After(g.closed[kind].until) {
		g.closed[kind] = closing{until: until, step: g.closed[kind].step, why: why}
	}
}

// codeOf returns Azure's code. The SDK has the body in memory, so that it can be read again.
func codeOf(resp *http.Response) string {
	var e *azcore.ResponseError
	if errors.As(runtime.NewResponseError(resp), &e) {
		return e.ErrorCode
	}
	return ""
}

// keptBack is the error of a request that was not made.
type keptBack struct{ why capacity.CloudError }

// Error says why.
func (e *keptBack) Error() string { return e.why.Error() }

// NonRetriable tells the SDK not to try again.
func (e *keptBack) NonRetriable() {}
