// SPDX-License-Identifier: Apache-2.0

package informers

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestProbe probes rarely while the server answers, often while it does not, and at once when a watch goes down.
func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, probes, changes := newProbe(), 0, 0
		var answer error
		var mu sync.Mutex
		locked := func(do func()) {
			mu.Lock()
			defer mu.Unlock()
			do()
		}
		go p.run(t.Context(), func(context.Context) (err error) {
			locked(func() { probes++; err = answer })
			return err
		}, func() { locked(func() { changes++ }) })
		expect := func(what string, wantProbes, wantChanges int, up bool) {
			t.Helper()
			synctest.Wait()
			locked(func() {
				if probes != wantProbes || changes != wantChanges || (p.last() == nil) != up {
					t.Errorf("%s: %d probes, %d changes, %v", what, probes, changes, p.last())
				}
			})
		}
		time.Sleep(time.Minute)
		expect("a minute", 4, 0, true)
		locked(func() { answer = errors.New("refused") })
		p.hint()
		expect("a watch goes down", 5, 1, false)
		locked(func() { answer = nil })
		time.Sleep(probeEveryDown)
		expect("it is back", 6, 2, true)
	})
}
