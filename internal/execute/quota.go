package execute

import (
	"context"
	"errors"
	"fmt"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

// quota keeps what Azure said about quota and sizes, so that a pass costs one LIST and no more.
type quota struct {
	last capacity.Quota
	err  error
	next time.Time // when it is read again; zero: at once
	read time.Time // when last was read
	// failing is since when nothing is known because it could not be read; zero otherwise.
	failing time.Time
}

const (
	quotaEvery = 10 * time.Minute // as Karpenter's provider for Azure
	quotaRetry = time.Minute
	quotaStale = 30 * time.Minute // after which what cannot be read again is not known any more
	// quotaPatience is how long pools wait for a quota of which nothing is known. Trouble with that must not keep everybody waiting.
	quotaPatience = 5 * time.Minute
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
		q.last, q.read, q.next, q.failing = got, now, now.Add(quotaEvery), time.Time{}
		return got, nil
	case now.Sub(q.read) > quotaStale:
		q.last = got // what there is of it
		if !passes(err) {
			break
		}
		if q.failing.IsZero() {
			q.failing = now
		}
		if now.Sub(q.failing) < quotaPatience {
			err = fmt.Errorf("%w: %w", capacity.ErrQuotaLater, err)
		}
		q.err = err
		return got, err // and it is read again in the next pass
	}
	q.next = now.Add(quotaRetry)
	return q.last, err
}

// passes reports whether trouble may end without a person.
func passes(err error) bool {
	var t *capacity.CloudError
	return !errors.As(err, &t) || t.Class.Action() != capacity.ActSurface
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
