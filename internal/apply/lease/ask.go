// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"context"
	"fmt"
	"strings"

	coordination "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"syncer.dev/syncer/internal/wellknown"
)

// Holder returns who has the Lease, as far as this process knows; "" for no process.
func (l *Lease) Holder() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leads {
		return l.options.Identity
	}
	return l.holder
}

// Ask asks the leader for the Lease, by an annotation with the name of this process. The leader decides by
// Options.Yield. An answer counts for the present term only: what was asked of an earlier leader is void.
func (l *Lease) Ask(ctx context.Context) error {
	api := l.api.Leases(l.options.Namespace)
	lease, err := api.Get(ctx, l.options.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("ask for Lease %s: %w", l.options.Name, err)
	}
	if lease.Annotations == nil {
		lease.Annotations = map[string]string{}
	}
	lease.Annotations[wellknown.AnnotationWantedBy] = request(l.options.Identity, lease)
	if _, err := api.Update(ctx, lease, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("ask for Lease %s: %w", l.options.Name, err)
	}
	return nil
}

// request is the value of the annotation: the candidate that asks, and the number of the term that it asks in.
func request(identity string, lease *coordination.Lease) string {
	transitions := int32(0)
	if n := lease.Spec.LeaseTransitions; n != nil {
		transitions = *n
	}
	return fmt.Sprintf("%s %d", identity, transitions)
}

// asking returns the other candidate that asks for the Lease in this term, or "".
func (l *Lease) asking(lease *coordination.Lease) string {
	value := lease.Annotations[wellknown.AnnotationWantedBy]
	identity, _, _ := strings.Cut(value, " ")
	if identity == l.options.Identity || value != request(identity, lease) {
		return ""
	}
	return identity
}

// watchOthers watches the Lease until ctx is done, signals when the leader should give it to another candidate, and
// passes on what others tell.
func (l *Lease) watchOthers(ctx context.Context, asked chan<- struct{}) {
	if l.options.Yield == nil && l.options.Told == nil {
		return
	}
	l.watch(ctx, func(lease *coordination.Lease, _ bool) {
		holder := lease.Spec.HolderIdentity
		if holder == nil || *holder != l.options.Identity {
			return
		}
		if l.options.Told != nil && l.told(lease) {
			l.options.Told()
		}
		if l.options.Yield == nil {
			return
		}
		if other := l.asking(lease); other != "" && l.options.Yield(other) {
			select {
			case asked <- struct{}{}:
			default:
			}
		}
	})
}
