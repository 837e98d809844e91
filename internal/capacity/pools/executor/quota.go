// SPDX-License-Identifier: Apache-2.0

package executor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// quota caches the quota and the offered sizes, so that a pass usually costs one LIST of the pools and no more.
type quota struct {
	last capacity.Quota
	err  error
	next time.Time // when to read again; zero: at once
	read time.Time // when last was read
	// pools identifies the pools at that time. Other pools use other quota, so a change makes last outdated.
	pools string
	// failing is since when reading fails with no usable quota left; zero otherwise.
	failing time.Time
}

const (
	quotaEvery = 10 * time.Minute // the interval of Karpenter's provider for Azure
	quotaRetry = time.Minute
	quotaStale = 30 * time.Minute // the age after which a quota that fails to refresh counts as unknown
	// quotaPatience is how long growth waits for an unknown quota. After that Azure decides: a failing quota API must
	// not stop all growth.
	quotaPatience = 5 * time.Minute
)

// Quota returns the quota, at most quotaEvery old and read since the pools changed, less the vCPUs of operations
// started since. With an error it returns what is still known; capacity.ErrQuotaLater asks the caller to hold growth
// back until the next pass.
func (e *Executor) Quota(ctx context.Context, now time.Time) (capacity.Quota, error) {
	q := &e.quota
	pools := e.poolVersions()
	if now.Before(q.next) && (pools == q.pools || q.err != nil) {
		return q.last, q.err
	}
	got, err := e.cloud.Quota(ctx)
	q.err = err
	switch {
	case err == nil:
		q.last, q.read, q.next, q.failing, q.pools = got, now, now.Add(quotaEvery), time.Time{}, pools
		return got, nil
	case now.Sub(q.read) > quotaStale:
		q.last = got // may be partial
		if !retriable(err) {
			break
		}
		if q.failing.IsZero() {
			q.failing = now
		}
		if now.Sub(q.failing) < quotaPatience {
			err = fmt.Errorf("%w: %w", capacity.ErrQuotaLater, err)
		}
		q.err = err
		return got, err // without a pause: the next pass reads again
	}
	q.next = now.Add(quotaRetry)
	return q.last, err
}

// poolVersions identifies the listed pools with their versions.
func (e *Executor) poolVersions() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(e.live)) {
		fmt.Fprintln(&b, name, e.live[name].ETag, e.live[name].State, e.live[name].Count)
	}
	return b.String()
}

// retriable reports whether the error may end without a user's action.
func retriable(err error) bool {
	var t *capacity.CloudError
	return !errors.As(err, &t) || t.Class.Action() != capacity.ActSurface
}

// reserve subtracts the vCPUs of a started operation.
func (q *quota) reserve(sku capacity.SKU, priority capacity.Priority, vcpus int) {
	q.last = q.last.Reserve(sku, priority, vcpus)
}

// invalidate refreshes the quota soon: Azure refused a request that the cached quota allowed.
func (q *quota) invalidate(now time.Time) {
	if soon := now.Add(quotaRetry); soon.Before(q.next) {
		q.next = soon
	}
}
