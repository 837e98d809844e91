// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"errors"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"k8s.io/apimachinery/pkg/util/wait"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/redact"
)

// throttle holds requests back after Azure refused one: for the Retry-After of a 429, across the whole subscription,
// and after a refused identity for a delay that doubles each time. A held request fails at once, so that the loop goes
// on with other work.
//
// A throttled write holds all writes. A throttled read holds all requests: the subscription as a whole sends too many.
type throttle struct {
	now func() time.Time

	mu     sync.Mutex
	paused map[string]pause // by kind of request
}

// pause is why and until when requests of a kind are held back.
type pause struct {
	until  time.Time
	delays wait.Backoff // the rest of refusedDelays; zero: all of it
	why    capacity.CloudError
}

const (
	throttledFor = 30 * time.Second // after a 429 without Retry-After
	refusedFor   = time.Minute      // after the first refusal of the identity
	refusedMax   = 10 * time.Minute
)

// refusedDelays are the delays after consecutive refusals of the identity. They are syncer's own: Azure documents that
// a role assignment takes up to ten minutes to apply.
var refusedDelays = wait.Backoff{Duration: refusedFor, Factor: 2, Steps: math.MaxInt32, Cap: refusedMax}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, paused: map[string]pause{}}
}

// The kinds of request. Each needs its own role.
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

// Do sends the request and learns from the answer, or fails at once while requests of its kind are held back.
func (t *throttle) Do(req *policy.Request) (*http.Response, error) {
	kind := kindOf(req.Raw())
	if err := t.refuse(kind); err != nil {
		return nil, err
	}
	resp, err := req.Next()
	t.learn(kind, resp, err)
	return resp, err
}

func (t *throttle) refuse(kind string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if c := t.paused[kind]; now.Before(c.until) {
		why := c.why
		why.RetryAfter = c.until.Sub(now)
		return &throttledError{why}
	}
	return nil
}

// learn holds requests back for as long as the answer asks for, or ends a pause.
func (t *throttle) learn(kind string, resp *http.Response, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var auth *azidentity.AuthenticationFailedError
	switch {
	case errors.As(err, &auth):
		t.refused("AuthenticationFailed", redact.Text(auth.Error()), kindReadPools, kindWritePools, kindCompute)
	case err != nil || resp == nil:
	case resp.StatusCode == http.StatusTooManyRequests:
		delay := retryAfter(resp, t.now())
		if delay <= 0 {
			delay = throttledFor
		}
		kinds := []string{kindReadPools, kindWritePools, kindCompute}
		if kind == kindWritePools {
			kinds = []string{kindWritePools}
		}
		for _, k := range kinds {
			t.hold(k, delay, capacity.CloudError{
				Class:   capacity.ClassThrottled,
				Code:    "Throttled",
				Message: "Azure throttles requests until " + t.now().Add(delay).UTC().Format(time.TimeOnly),
			})
		}
	case resp.StatusCode == http.StatusUnauthorized:
		t.refused("Unauthorized", "Azure refused the identity", kindReadPools, kindWritePools, kindCompute)
	case resp.StatusCode == http.StatusForbidden && codeOf(resp) == "AuthorizationFailed":
		// A policy, or a right over something that one pool is linked to, concerns that pool alone.
		message := "the identity has no role to " + kind + "; assign the role, or wait until it applies"
		t.refused("AuthorizationFailed", message, kind)
	case resp.StatusCode < 300:
		delete(t.paused, kind)
	}
}

func (t *throttle) refused(code, message string, kinds ...string) {
	for _, k := range kinds {
		left := t.paused[k].delays
		if left == (wait.Backoff{}) {
			left = refusedDelays
		}
		t.hold(k, left.Step(), capacity.CloudError{Class: capacity.ClassPermission, Code: code, Message: message})
		c := t.paused[k]
		c.delays = left
		t.paused[k] = c
	}
}

func (t *throttle) hold(kind string, delay time.Duration, why capacity.CloudError) {
	if until := t.now().Add(delay); until.After(t.paused[kind].until) {
		t.paused[kind] = pause{until: until, delays: t.paused[kind].delays, why: why}
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

// throttledError is the error of a request that was not sent.
type throttledError struct{ why capacity.CloudError }

// Error returns why the request was held back.
func (e *throttledError) Error() string { return e.why.Error() }

// NonRetriable keeps the SDK from retrying.
func (e *throttledError) NonRetriable() {}
