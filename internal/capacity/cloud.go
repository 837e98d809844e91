package capacity

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Quota is what the subscription allows in the region: vCPUs by family, and over all families; and which sizes it offers.
// What Azure did not say is not known, which is not the same as allowed.
type Quota struct {
	Families map[string]Limit // key: SKU.Family in lower case
	Regional Limit
	Spot     Limit
	Offers   map[string]Offer // key: SKU.Name in lower case; nil when Azure did not say
}

// Limit is a quota of vCPUs. Not Known when Azure did not say.
type Limit struct {
	Used, Max int
	Known     bool
}

// Cloud is where pools live. Implementations are safe for concurrent use.
//
// A call starts at most one operation and never waits for it to finish: creating a pool takes many minutes, and the next
// Pools tells how it went. Every write is fenced twice: by our owner tag on the pool and by the ETag that Pools returned.
type Cloud interface {
	// Pools lists every agent pool of the cluster, ours and others', by one LIST.
	Pools(ctx context.Context) ([]LivePool, error)
	// Ensure starts a Create or Update and returns once Azure has accepted it.
	Ensure(ctx context.Context, change PoolChange) error
	// Ensure with names to Remove starts deleting exactly those machines, and changes nothing else.
	//
	// Delete starts the deletion of a pool we own. Deleting what is already gone is no error.
	Delete(ctx context.Context, change PoolChange) error
	// Abort asks Azure to give up the operation in flight on a pool we own. One that has just ended is no error.
	Abort(ctx context.Context, change PoolChange) error
	// Quota reads the vCPU quota of the region, and which sizes it offers.
	Quota(ctx context.Context) (Quota, error)
}

// ErrNotOwned is returned for a write to a pool that does not carry our owner tag.
var ErrNotOwned = errors.New("pool is not owned by syncer")

// ErrQuotaLater is the error of a quota that could not be read yet, and most likely soon can: better wait for it than ask for what
// may be refused.
var ErrQuotaLater = errors.New("quota cannot be read right now")

// CloudError is trouble that Azure reported, classified by code and text, never by HTTP status alone.
type CloudError struct {
	Class      Class
	Code       string        // Azure's code; the innermost one where Azure wraps one error into another
	Message    string        // Azure's words, redacted
	RetryAfter time.Duration // what Azure asked for; 0 when it did not
	Err        error
}

// Error returns Azure's code and words.
func (e *CloudError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Message) }

// Unwrap returns the SDK's error.
func (e *CloudError) Unwrap() error { return e.Err }
