// SPDX-License-Identifier: Apache-2.0

package postponed

import (
	"crypto/sha256"
	"maps"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"syncer.dev/syncer/internal/apply/refusal"
)

// Objects has the objects about which not to ask again yet. The zero value has none. It is safe for concurrent use.
type Objects struct {
	mu  sync.Mutex
	not map[string]answer // by path
}

// answer is what a webhook has said about a request.
type answer struct {
	digest [sha256.Size]byte // of its body
	until  time.Time
	err    error
}

// longest bounds what a webhook may ask for: more would be a mistake. It is ours.
const longest = 10 * time.Minute

// Check returns what a webhook has answered to the same request, if it is not time yet to ask again. A request that
// differs may be answered in another way, and is none of these.
func (o *Objects) Check(path string, body []byte, now time.Time) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, known := o.not[path]
	if !known || !now.Before(a.until) || a.digest != sha256.Sum256(body) {
		return nil
	}
	return a.err
}

// Note takes the answer to a request into account.
func (o *Objects) Note(path string, body []byte, err error, now time.Time) {
	var wait time.Duration
	if err != nil && refusal.FromWebhook(err) {
		if seconds, asks := apierrors.SuggestsClientDelay(err); asks {
			wait = time.Duration(min(max(seconds, 0), int(longest.Seconds()))) * time.Second
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if delete(o.not, path); wait == 0 {
		return
	}
	maps.DeleteFunc(o.not, func(_ string, a answer) bool { return !now.Before(a.until) })
	if o.not == nil {
		o.not = map[string]answer{}
	}
	o.not[path] = answer{sha256.Sum256(body), now.Add(wait), err}
}
