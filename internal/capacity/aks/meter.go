package aks

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"syncer.dev/syncer/internal/capacity"
)

// Azure Resource Manager's own limits for AKS: 60 requests and one more each second per subscription, and for writes of one
// pool 20 and one more each minute. Ours are lower: others use the subscription too.
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
	requests bucket
	writes   map[string]*bucket // by path
}

func newMeter(now func() time.Time) *meter {
	return &meter{now: now, requests: bucket{burst: requestBurst, every: requestEvery}, writes: map[string]*bucket{}}
}

// Do spends, or refuses.
func (m *meter) Do(req *policy.Request) (*http.Response, error) {
	if wait := m.take(req.Raw()); wait > 0 {
		return nil, &keptBack{capacity.CloudError{Class: capacity.ClassThrottled, Code: "TooManyRequests", Message: "syncer keeps to its own limit of requests to Azure", RetryAfter: wait}}
	}
	return req.Next()
}

func (m *meter) take(r *http.Request) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	var pool *bucket
	if r.Method == http.MethodPut || r.Method == http.MethodPost {
		key := strings.ToLower(r.URL.Path)
		if pool = m.writes[key]; pool == nil {
			pool = &bucket{burst: writeBurst, every: writeEvery}
			m.writes[key] = pool
		}
		if wait := pool.wait(now); wait > 0 {
			return wait
		}
	}
	if wait := m.requests.wait(now); wait > 0 {
		return wait
	}
	m.requests.take()
	if pool != nil {
		pool.take()
	}
	for key, b := range m.writes { // those that are full again need not be remembered
		if b.fill(now); b.tokens >= float64(b.burst) {
			delete(m.writes, key)
		}
	}
	return 0
}

// bucket holds up to burst tokens and gets one more each time that every has passed.
type bucket struct {
	burst  int
	every  time.Duration
	tokens float64
	at     time.Time // zero: full
}

func (b *bucket) fill(now time.Time) {
	if b.at.IsZero() {
		b.tokens = float64(b.burst)
	} else if now.After(b.at) {
		b.tokens = min(float64(b.burst), b.tokens+float64(now.Sub(b.at))/float64(b.every))
	}
	b.at = now
}

// wait returns how long until there is a token; 0 when there is one.
func (b *bucket) wait(now time.Time) time.Duration {
	if b.fill(now); b.tokens >= 1 {
		return 0
	}
	return max(time.Duration((1-b.tokens)*float64(b.every)), time.Millisecond)
}

func (b *bucket) take() { b.tokens-- }
