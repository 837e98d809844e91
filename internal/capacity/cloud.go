// SPDX-License-Identifier: Apache-2.0

package capacity

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Quota holds the vCPU quotas of the subscription in the region, and the sizes that the region offers. A quota that
// Azure did not report is unknown, which is not the same as unlimited.
type Quota struct {
	Families map[string]Limit // key: SKU.Family in lower case
	Regional Limit
	Spot     Limit
	Offers   map[string]Offering // key: SKU.Name in lower case; nil when Azure did not say
}

// Azure's names of the quotas that cover all families.
const (
	QuotaRegional = "cores"            // of the region, all families together
	QuotaSpot     = "lowPriorityCores" // of spot machines, all families together
)

// Limit is a quota in vCPUs. Known is false if Azure did not report it.
type Limit struct {
	Used, Max int
	Known     bool
}

// Cloud manages the agent pools of one cluster. Implementations are safe for concurrent use.
//
// A call starts at most one operation and never waits for it to finish: creating a pool takes many minutes, and the
// next Pools shows the result. Two fences protect every write: syncer's owner tag on the pool, and the ETag that Pools
// returned.
type Cloud interface {
	// Pools lists every agent pool of the cluster, owned by syncer or not, with one request.
	Pools(ctx context.Context) ([]LivePool, error)
	// Ensure starts a Create or Update and returns once Azure has accepted it. If the change names nodes to Remove,
	// Ensure starts the deletion of exactly those machines and changes nothing else. It returns ErrNotOwned for a pool
	// without syncer's tag, and a *CloudError for an error of Azure; so do Delete and Abort.
	Ensure(ctx context.Context, change PoolChange) error
	// Delete starts the deletion of a pool that syncer owns. A pool that does not exist is no error.
	Delete(ctx context.Context, change PoolChange) error
	// Abort asks Azure to abort the operation in flight on a pool that syncer owns. An operation that has just ended is no
	// error.
	Abort(ctx context.Context, change PoolChange) error
	// Quota reads the vCPU quotas of the region and the sizes that it offers. It returns ErrQuotaLater if a later call
	// will probably succeed.
	Quota(ctx context.Context) (Quota, error)
}

// ErrNotOwned is returned for a write to a pool without syncer's owner tag.
var ErrNotOwned = errors.New("pool is not owned by syncer")

// ErrQuotaLater is returned for a quota that will probably be readable soon. Callers wait for it rather than send a
// request that Azure may reject.
var ErrQuotaLater = errors.New("quota cannot be read right now")

// CloudError is an error that Azure reported. Its Class follows from code and text, never from the HTTP status alone.
type CloudError struct {
	Class      Class
	Code       string        // Azure's code; the innermost one where Azure wraps one error into another
	Message    string        // Azure's message, redacted
	RetryAfter time.Duration // Retry-After of the response; 0 without one
	Err        error
}

// Error returns Azure's code and message.
func (e *CloudError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// Cure returns a remedy of one line, or "" for an error that passes by itself: that of the code if it has one of its
// own, else that of the class.
func (e *CloudError) Cure() string {
	if e.Class == ClassQuota {
		if r, ok := ParseQuotaError(e.Message).Request(); ok {
			return r.String()
		}
	}
	if a := Meaning(e.Code, e.Message); a.Class == e.Class && a.Cure != "" {
		return a.Cure
	}
	return e.Class.Cure()
}

// Unwrap returns the SDK's error.
func (e *CloudError) Unwrap() error { return e.Err }
