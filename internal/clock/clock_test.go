// SPDX-License-Identifier: Apache-2.0

package clock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestSleep(t *testing.T) {
	for name, tt := range map[string]struct {
		timeout time.Duration
		sleep   time.Duration
		want    time.Duration
		err     error
	}{
		"to the end":         {time.Hour, time.Minute, time.Minute, nil},
		"the context is out": {time.Second, time.Minute, time.Second, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
				defer cancel()
				start := time.Now()
				err := Sleep(ctx, tt.sleep)
				if took := time.Since(start); !errors.Is(err, tt.err) || took != tt.want {
					t.Errorf("%v after %s, want %v after %s", err, took, tt.err, tt.want)
				}
			})
		})
	}
}
