// SPDX-License-Identifier: Apache-2.0

package fence

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestMayWrite: without a lease a process always writes; with one, only while the lease is young.
func TestMayWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var none *Fence
		f := &Fence{}
		if none.MayWrite() != nil || f.MayWrite() != nil {
			t.Fatal("a process without a lease may not write")
		}
		f.Require(12 * time.Second)
		if err := f.MayWrite(); !errors.Is(err, ErrNotLeader) || !errors.Is(err, context.Canceled) {
			t.Errorf("before the election: %v", err)
		}
		sent := time.Now()
		time.Sleep(2 * time.Second) // the answer is slow: the life of the lease does not begin with it
		f.Renewed(sent)
		time.Sleep(10*time.Second - 1)
		if err := f.MayWrite(); err != nil {
			t.Errorf("right before the limit: %v", err)
		}
		time.Sleep(time.Nanosecond)
		if err := f.MayWrite(); !errors.Is(err, ErrNotLeader) {
			t.Errorf("at the limit: %v", err)
		}
		f.Renewed(time.Now())
		if err := f.MayWrite(); err != nil {
			t.Errorf("renewed: %v", err)
		}
		f.Close()
		if err := f.MayWrite(); !errors.Is(err, ErrNotLeader) {
			t.Errorf("closed: %v", err)
		}
	})
}

// TestAge takes the clock that shows more: each stands still, or goes back, where the other does not.
func TestAge(t *testing.T) {
	then := time.Now()
	for name, tt := range map[string]struct {
		now  time.Time
		want time.Duration
	}{
		"both":                  {then.Add(time.Second), time.Second},
		"the machine suspended": {then.Round(0).Add(time.Hour), time.Hour}, // no monotonic reading is left
	} {
		if got := age(then, tt.now); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}
