// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"context"

	coordination "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"

	"syncer.dev/syncer/internal/clock"
)

// watchFree watches the Lease until ctx is done, and signals when its holder has given it back: the election itself
// looks every few seconds only. Where watching is not allowed, that has to do.
func (l *Lease) watchFree(ctx context.Context, free chan<- struct{}) {
	for ctx.Err() == nil {
		w, err := l.api.Leases(l.options.Namespace).Watch(ctx, metav1.ListOptions{
			FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, l.options.Name).String(),
		})
		if err == nil {
			l.readEvents(w, free)
		}
		if clock.Sleep(ctx, l.options.Retry) != nil {
			return
		}
	}
}

// readEvents reads until the watch ends, which it does with the context of the watch.
func (l *Lease) readEvents(w watch.Interface, free chan<- struct{}) {
	defer w.Stop()
	for e := range w.ResultChan() {
		lease, ok := e.Object.(*coordination.Lease)
		if !ok {
			continue
		}
		deleted := e.Type == watch.Deleted
		if !deleted && lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity != "" {
			continue
		}
		l.mu.Lock()
		fresh := l.freed != lease.ResourceVersion // one try for each time: it may be refused
		l.freed = lease.ResourceVersion
		l.mu.Unlock()
		if fresh {
			select {
			case free <- struct{}{}:
			default:
			}
		}
	}
}
