// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"context"
	"fmt"
	"strings"

	coordination "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"syncer.dev/syncer/internal/wellknown"
)

// Tell lets the leader know that this process has heard of a change, by an annotation on the Lease. The leader calls
// Options.Told. It does nothing if this process leads, or if no process is known to.
func (l *Lease) Tell(ctx context.Context) error {
	if !l.Follows() {
		return nil
	}
	l.mu.Lock()
	l.tells++
	value := fmt.Sprintf("%s %d", l.options.Identity, l.tells)
	l.mu.Unlock()
	api := l.api.Leases(l.options.Namespace)
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error { // the leader renews it meanwhile
		lease, err := api.Get(ctx, l.options.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if lease.Annotations == nil {
			lease.Annotations = map[string]string{}
		}
		lease.Annotations[wellknown.AnnotationToldBy] = value
		_, err = api.Update(ctx, lease, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("tell the leader by Lease %s: %w", l.options.Name, err)
	}
	return nil
}

// Follows reports whether another process is known to lead.
func (l *Lease) Follows() bool {
	holder := l.Holder()
	return holder != "" && holder != l.options.Identity
}

// told reports whether another process has told of a change that this one does not know of, once for each: a watch that
// begins again shows the same version again.
func (l *Lease) told(lease *coordination.Lease) bool {
	value := lease.Annotations[wellknown.AnnotationToldBy]
	identity, _, _ := strings.Cut(value, " ")
	if value == "" || identity == l.options.Identity {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh := l.heard != value
	l.heard = value
	return fresh
}
