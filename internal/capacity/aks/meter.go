// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"golang.org/x/time/rate"

	"syncer.dev/syncer/internal/capacity"
)

// Azure Resource Manager's own limits for AKS: 60 requests and one more each second per subscription, and for writes of
// one pool 20 and one more each minute. Ours are lower: others use the subscription too.
const (
	requestBurst = 40
	requestEvery = time.Second
	writeBurst   = 5
	writeEvery   = time.Minute
)

// meter spends tokens: one of the subscription for each request, and one of the pool for each write. Without a token a
// request is not made, and fails at once.
type meter struct {
	now func() time.Time

	mu       sync.Mutex
	requests *rate.Limiter
	writes   map[string]*rate.Limiter // by path
}

func newMeter(now func() time.Time) *meter {
	return &meter{
		now:      now,
		requests: rate.NewLimiter(rate.Every(requestEvery), requestBurst),
		writes:   map[string]*rate.Limiter{},
	}
}

// Do spends, or refuses.
func (m *meter) Do(req *policy.Request) (*http.Response, error) {
	if wait := m.take(req.Raw()); wait > 0 {
		return nil, &throttledError{
			capacity.CloudError{
				Class:      capacity.ClassThrottled,
				Code:       "TooManyRequests",
				Message:    "syncer keeps to its own limit of requests to Azure",
				RetryAfter: wait,
			},
		}
	}
	return req.Next()
}

// take spends the tokens of a request and returns 0, or spends none and returns how long to wait.
func (m *meter) take(r *http.Request) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	limiters := []*rate.Limiter{m.requests}
	if r.Method == http.MethodPut || r.Method == http.MethodPost {
		key := strings.ToLower(r.URL.Path)
		if m.writes[key] == nil {
			m.writes[key] = rate.NewLimiter(rate.Every(writeEvery), writeBurst)
		}
		limiters = []*rate.Limiter{m.writes[key], m.requests}
	}
	var taken []*rate.Reservation
	for _, l := range limiters {
		token := l.ReserveN(now, 1)
		taken = append(taken, token)
		if wait := token.DelayFrom(now); wait > 0 {
			for _, t := range taken {
				t.CancelAt(now)
			}
			return max(wait, time.Millisecond)
		}
	}
	// A limiter that is full again is like a new one.
	maps.DeleteFunc(m.writes, func(_ string, l *rate.Limiter) bool { return l.TokensAt(now) >= writeBurst })
	return 0
}
