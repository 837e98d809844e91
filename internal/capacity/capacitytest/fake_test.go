// SPDX-License-Identifier: Apache-2.0

package capacitytest

import (
	"strings"
	"testing"
	"time"

	"syncer.dev/syncer/internal/capacity"
)

type fakeWorld struct {
	*Fake
	now time.Time
}

func (w *fakeWorld) Pass(d time.Duration) { w.Set(func(*Fake) { w.now = w.now.Add(d) }) }
func (w *fakeWorld) Once(f Fault)         { w.Set(func(x *Fake) { x.Once = append(x.Once, &f) }) }
func (w *fakeWorld) AddUnmanaged(name string) {
	w.Put(capacity.LivePool{Name: name, Size: size, Count: 1, State: capacity.Succeeded})
}
func (w *fakeWorld) Machines(pool string) []string { return w.Nodes()[pool] }

func TestFake(t *testing.T) {
	Test(t, func(*testing.T) (capacity.Cloud, World) {
		f := NewFake()
		w := &fakeWorld{f, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
		f.Now = func() time.Time { return w.now }
		f.Takes = time.Minute
		known := capacity.Limit{Max: 100, Known: true}
		sku, _ := capacity.LookupSKU(size)
		f.Limits = capacity.Quota{
			Families: map[string]capacity.Limit{strings.ToLower(sku.Family): known},
			Regional: known,
			Spot:     known,
		}
		return f, w
	})
}
