// SPDX-License-Identifier: Apache-2.0

package app

import "context"

// forward passes signals on until ctx ends.
func forward(ctx context.Context, from <-chan struct{}, to chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-from:
			if !ok {
				return
			}
			signal(to)
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
