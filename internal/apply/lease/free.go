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
	l.watch(ctx, func(lease *coordination.Lease, deleted bool) {
		if l.isFree(lease, deleted) {
			select {
			case free <- struct{}{}:
			default:
			}
		}
	})
}

// watch hands over each version of the Lease until ctx is done.
func (l *Lease) watch(ctx context.Context, event func(lease *coordination.Lease, deleted bool)) {
	for ctx.Err() == nil {
		w, err := l.api.Leases(l.options.Namespace).Watch(ctx, metav1.ListOptions{
			FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, l.options.Name).String(),
		})
		if err == nil {
			readEvents(w, event)
		}
		if clock.Sleep(ctx, l.options.Retry) != nil {
			return
		}
	}
}

// readEvents reads until the watch ends, which it does with the context of the watch.
func readEvents(w watch.Interface, event func(lease *coordination.Lease, deleted bool)) {
	defer w.Stop()
	for e := range w.ResultChan() {
		if lease, ok := e.Object.(*coordination.Lease); ok {
			event(lease, e.Type == watch.Deleted)
		}
	}
}

// isFree reports whether a version of the Lease is free, once for each time: to take it may be refused.
func (l *Lease) isFree(lease *coordination.Lease, deleted bool) bool {
	if !deleted && lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity != "" {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh := l.freed != lease.ResourceVersion
	l.freed = lease.ResourceVersion
	return fresh
}
