// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestProbe probes rarely while the server answers, often while it does not, and at once when a watch goes down.
func TestProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, probes, changes := newProbe(), 0, 0
		var answer error
		go p.run(t.Context(), func(context.Context) error { probes++; return answer }, func() { changes++ })
		time.Sleep(time.Minute)
		synctest.Wait()
		if probes != 4 || changes != 0 || p.last() != nil {
			t.Errorf("a minute: %d probes, %d changes, %v", probes, changes, p.last())
		}
		answer = errors.New("refused")
		p.hint()
		synctest.Wait()
		if probes != 5 || changes != 1 || p.last() == nil {
			t.Errorf("a watch goes down: %d probes, %d changes, %v", probes, changes, p.last())
		}
		answer = nil
		time.Sleep(probeEveryDown)
		synctest.Wait()
		if probes != 6 || changes != 2 || p.last() != nil {
			t.Errorf("it is back: %d probes, %d changes, %v", probes, changes, p.last())
		}
	})
}
