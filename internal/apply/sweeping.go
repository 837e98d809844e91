// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/apply/sweep"
)

// sweep makes passes look at every object once in an interval by a dry run, spread over it: what the server would
// change without any change of the object, such as a default or what a webhook adds, no watch shows.
func (c *Cluster) sweep(ctx context.Context, interval time.Duration) {
	if interval <= 0 {
		return
	}
	tick := time.NewTicker(sweep.Step(interval))
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if c.sweepPart(ctx, interval, last, now) > 0 {
				c.watches.Touch()
			}
			last = now
		}
	}
}

// sweepPart doubts the objects whose time has come, of those that this process may write, and returns their number. The
// replica that writes the others sweeps them, at the same times. It also drops what is known of objects that are gone.
func (c *Cluster) sweepPart(ctx context.Context, interval time.Duration, from, to time.Time) int {
	due := 0
	for _, ref := range c.memory.Refs() {
		o := &unstructured.Unstructured{}
		o.SetAPIVersion(ref.APIVersion())
		o.SetKind(ref.Kind)
		o.SetNamespace(ref.Namespace)
		o.SetName(ref.Name)
		switch live, known := c.known(o); {
		case known && live == nil:
			c.memory.Forget(ref)
		case sweep.Due(ref.Kind+"/"+ref.Namespace+"/"+ref.Name, interval, from, to) && c.mayWriteTo(ctx, ref.Namespace):
			c.memory.Doubt(ref)
			due++
		}
	}
	return due
}

// mayWriteTo reports whether this process may write to a namespace now: it leads, and the namespace is in its share.
func (c *Cluster) mayWriteTo(ctx context.Context, namespace string) bool {
	return c.options.MayWrite == nil || c.options.MayWrite(ctx, namespace) == nil
}
