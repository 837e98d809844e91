// SPDX-License-Identifier: Apache-2.0

package app

import "context"

// forward calls pass for each signal until ctx ends.
func forward(ctx context.Context, from <-chan struct{}, pass func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-from:
			if !ok {
				return
			}
			pass()
		}
	}
}

// signal leaves a signal, unless one waits already.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
