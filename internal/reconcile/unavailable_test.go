package reconcile

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/status"
)

// automatic leaves the size to syncer; the cheapest in eastus that fits is one A10.
const automatic = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: phi}
resource:
  labelSelector: {matchLabels: {app: phi}}
inference:
  preset: {name: phi-4-mini-instruct}
`

var noCapacity = &capacity.CloudError{Class: capacity.ClassCapacity, Code: "AllocationFailed", Message: "no capacity"}

// sizes returns the sizes of our pools.
func (w *world) sizes() []string {
	var out []string
	pools, _ := w.cloud.Pools(context.Background())
	for _, p := range pools {
		if p.Owned {
			out = append(out, p.Size)
		}
	}
	return out
}

// TestAutomaticSizeMovesOn has Azure out of the first choice: the pool that failed goes, another size is created, and a
// restart does not go back.
func TestAutomaticSizeMovesOn(t *testing.T) {
	for name, out := range map[string]func(*capacitytest.Fake, string){
		"refused":     func(f *capacitytest.Fake, s string) { f.Refuse = map[string]*capacity.CloudError{s: noCapacity} },
		"failed late": func(f *capacitytest.Fake, s string) { f.Fail = map[string]*capacity.CloudError{s: noCapacity} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.ready = true
				w.push("phi.yaml", automatic)
				first := w.loop()
				settleOver(t, first)
				choice := w.sizes()[0]

				w = newWorld()
				w.ready = true
				out(w.cloud, choice)
				w.push("phi.yaml", automatic)
				l := w.loop()
				settleOver(t, l)
				sizes := w.sizes()
				if len(sizes) != 1 || sizes[0] == choice {
					t.Fatalf("sizes %v after %s failed; written %v", sizes, choice, w.cloud.Written)
				}
				u := status.UnavailableFrom(w.recorded)
				sku, _ := capacity.LookupSKU(choice)
				if _, _, ok := u.Blocked(sku, false, time.Now()); !ok {
					t.Fatalf("capacity.yaml does not say so:\n%s", w.recorded["capacity.yaml"])
				}
				writes, commits := len(w.cloud.Written), len(w.messages)
				w.cloud.Refuse, w.cloud.Fail = nil, nil
				settleOver(t, w.loop())
				if len(w.cloud.Written) != writes || len(w.messages) != commits {
					t.Errorf("a restart wrote %v, and %d commits", w.cloud.Written[writes:], len(w.messages)-commits)
				}
				time.Sleep(48 * time.Hour)
				settleOver(t, w.loop())
				if len(w.cloud.Written) != writes || strings.Contains(string(w.recorded["capacity.yaml"]), "unavailable") {
					t.Errorf("what has passed is not forgotten, or moved a running model: %v\n%s", w.cloud.Written[writes:], w.recorded["capacity.yaml"])
				}
			})
		})
	}
}

// settleOver passes, and lets time go by, until nothing is left to do.
func settleOver(t *testing.T, l *Loop) {
	t.Helper()
	for range 60 {
		if o := l.Pass(t.Context(), all); o.Settled {
			return
		}
		time.Sleep(20 * time.Second)
	}
	t.Fatal("it does not settle")
}

// TestNamedSizeWaits has Azure out of the size that the user named: nothing else is made, the condition says why, and it is
// tried again in time.
func TestNamedSizeWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.ready = true
		w.cloud.Refuse = map[string]*capacity.CloudError{"Standard_NC24ads_A100_v4": {
			Class: capacity.ClassQuota, Code: "OperationNotAllowed",
			Message: "exceeding approved standardNCADSA100v4Family Cores quota. Current Limit: 0, Current Usage: 0, Additional Required: 24",
		}}
		w.push("phi.yaml", phi)
		l := w.loop()
		for range 100 {
			l.Pass(t.Context(), all)
			time.Sleep(30 * time.Second)
		}
		text := string(w.recorded["default/phi.yaml"])
		if len(w.cloud.Written) != 0 || !strings.Contains(text, "reason: OutOfCapacity") || !strings.Contains(text, "24 vCPU of standardNCADSA100v4Family short") {
			t.Errorf("written %v\n%s", w.cloud.Written, text)
		}
		commits := len(w.messages)
		if commits > 4 {
			t.Errorf("%d commits while nothing changes: %q", commits, w.messages)
		}
		w.cloud.Refuse = nil
		time.Sleep(time.Hour)
		settleOver(t, l)
		if len(w.cloud.Written) != 1 {
			t.Errorf("written %v", w.cloud.Written)
		}
	})
}

// TestGPUsThatNeverAppear has a pool that succeeds without nodes.
func TestGPUsThatNeverAppear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.ready = true
		w.push("phi.yaml", automatic)
		l := w.loop()
		settleOver(t, l)
		choice := w.sizes()[0]

		w = newWorld()
		w.ready = true
		w.cloud.NoNodes = map[string]bool{choice: true}
		w.push("phi.yaml", automatic)
		for range 50 { // a restart each time: the time is on the pool
			w.loop().Pass(t.Context(), all)
			time.Sleep(30 * time.Second)
		}
		if got := w.sizes(); len(got) != 1 || got[0] != choice {
			t.Fatalf("before the deadline: %v", got)
		}
		time.Sleep(10 * time.Minute)
		settleOver(t, w.loop())
		if got := w.sizes(); len(got) != 1 || got[0] == choice {
			t.Errorf("after the deadline: %v, written %v", got, w.cloud.Written)
		}
	})
}

// TestPassCostsOneList counts what passes ask of Azure.
func TestPassCostsOneList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.ready = true
		w.push("phi.yaml", phi)
		l := w.loop()
		settleOver(t, l)
		lists, quotas := w.cloud.Lists, w.cloud.Quotas
		for range 60 {
			l.Pass(t.Context(), all)
			time.Sleep(time.Minute)
		}
		if lists, quotas := w.cloud.Lists-lists, w.cloud.Quotas-quotas; lists != 60 || quotas > 7 {
			t.Errorf("%d lists and %d looks at quota in 60 passes over an hour", lists, quotas)
		}
	})
}

// TestQuotaUnknown shows that an unknown quota is said, and holds nothing back.
func TestQuotaUnknown(t *testing.T) {
	w := newWorld()
	w.ready = true
	w.push("phi.yaml", phi)
	l := w.loop()
	l.Pass(t.Context(), all)
	w.cloud.Set(func(f *capacitytest.Fake) { f.Down = errors.New("no") })
	o := l.Pass(t.Context(), all)
	if o.Trouble == nil {
		t.Error("trouble is not told")
	}
	w.cloud.Set(func(f *capacitytest.Fake) { f.Down = nil })
	settle(t, l)
}
