// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"context"
	"errors"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"syncer.dev/syncer/internal/fence"
)

// lock is the Lease as the election sees it, for one term. It opens the fence with each renewal, and closes it before
// the lease is given back, and for good once the lease is not ours any more: client-go would take it again in the same
// term, if another process gives it back soon, and what the other one has written would be new to the leader.
type lock struct {
	resourcelock.Interface
	fence   *fence.Fence
	timeout time.Duration // of one request: the election itself would wait for an answer without end
	holder  string        // that the server has named last
	held    bool          // by this process, in this term
	gone    bool          // the term is over, although the election goes on
	over    func()        // is called when it is
}

func newLock(o Options, api coordinationv1.LeasesGetter, f *fence.Fence, over func()) *lock {
	return &lock{fence: f, timeout: o.RenewDeadline / 2, over: over, Interface: &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name},
		Client:     api,
		LockConfig: resourcelock.ResourceLockConfig{Identity: o.Identity},
	}}
}

// Get reads the Lease.
func (l *lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	record, raw, err := l.Interface.Get(ctx)
	if err == nil {
		l.holder = record.HolderIdentity
		l.judge()
	}
	return record, raw, err
}

// judge ends the term if this process has had the lease in it, and has it no more.
func (l *lock) judge() {
	switch {
	case l.holder == l.Identity():
		l.held = true
	case l.held && !l.gone:
		l.gone = true
		l.fence.Close()
		l.over()
	}
}

// errOver refuses to take the lease again in a term that has lost it.
var errOver = errors.New("this process has lost the lease in this term")

// errNotOurs refuses to give back the lease of another process. When the election ends, client-go (0.37.2, tryRelease)
// reads the Lease again, and gives it back with that version if this process had it once: another one may have it now.
var errNotOurs = errors.New("another process holds the lease")

// Create creates the Lease, held by this process.
func (l *lock) Create(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	return l.send(ctx, r, l.Interface.Create)
}

// Update renews, takes over or gives back the Lease.
func (l *lock) Update(ctx context.Context, r resourcelock.LeaderElectionRecord) error {
	return l.send(ctx, r, l.Interface.Update)
}

func (l *lock) send(
	ctx context.Context,
	r resourcelock.LeaderElectionRecord,
	request func(context.Context, resourcelock.LeaderElectionRecord) error,
) error {
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	ours := r.HolderIdentity == l.Identity()
	if !ours {
		l.fence.Close()
		if l.holder != l.Identity() {
			return errNotOurs
		}
	} else if l.gone {
		return errOver
	}
	err := request(ctx, r)
	if err == nil {
		l.holder, l.held = r.HolderIdentity, true
	}
	if err == nil && ours {
		// Not the time of this request: a try of client-go may send one record twice. Others count from the moment at which
		// they first saw it, and the same record again tells them nothing.
		l.fence.Renewed(r.RenewTime.Time)
	}
	return err
}
