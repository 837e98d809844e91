// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"testing"
)

func TestExitCode(t *testing.T) {
	for _, tt := range []struct {
		interrupted bool
		err         error
		want        int
	}{{false, nil, 0}, {false, errors.New("no space"), 1}, {true, context.Canceled, 130}, {true, nil, 130}} {
		if got := exitCode(tt.interrupted, tt.err); got != tt.want {
			t.Errorf("interrupted %t, %v: %d, want %d", tt.interrupted, tt.err, got, tt.want)
		}
	}
}
