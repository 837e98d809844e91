package execute

import (
	"context"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// quota keeps what Azure said about quota and sizes, so that a pass costs one LIST and no more.
type quota struct {
	last capacity.Quota
	err  error
	next time.Time // when it is read again; zero: at once
	read time.Time // when last was read
}

const (
	quotaEvery = 10 * time.Minute // as Karpenter's provider for Azure
	quotaRetry = time.Minute
	quotaStale = 30 * time.Minute // after which what cannot be read again is not known any more
)

// Quota returns the quota, at most quotaEvery old, with what was started since taken off: Azure counts late. With an error it
// is what is still known.
func (e *Executor) Quota(ctx context.Context, now time.Time) (capacity.Quota, error) {
	q := &e.quota
	if now.Before(q.next) {
		return q.last, q.err
	}
	got, err := e.cloud.Quota(ctx)
	q.err = err
	switch {
	case err == nil:
		q.last, q.read, q.next = got, now, now.Add(quotaEvery)
		return got, nil
	case now.Sub(q.read) > quotaStale:
		q.last = got // what there is of it
	}
	q.next = now.Add(quotaRetry)
	return q.last, err
}

// reserve takes off what was started.
func (q *quota) reserve(sku capacity.SKU, spot bool, vcpus int) {
	q.last = q.last.Reserve(sku, spot, vcpus)
}

// doubt makes the quota due soon: Azure refused what seemed to be there.
func (q *quota) doubt(now time.Time) {
	if soon := now.Add(quotaRetry); soon.Before(q.next) {
		q.next = soon
	}
}
