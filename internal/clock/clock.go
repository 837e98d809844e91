// SPDX-License-Identifier: Apache-2.0

// Package clock waits for a duration or for the end of a context.
package clock

import (
	"context"
	"time"
)

// Sleep waits for d. When the context ends first, it returns the context's error at once.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
