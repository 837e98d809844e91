package render

import (
	"bytes"
	"context"
	"reflect"
	"testing"
)

// TestShapesAreExact: what is filled into a shape is, byte for byte, what Kustomize builds of the Workspace alone.
func TestShapesAreExact(t *testing.T) {
	c, _ := builtin(t)
	cache := NewCache()
	fast := New(c, cache)
	alone := New(c, nil)
	jobs := fleet(c, 250/slowdown, 7)
	for _, tt := range goldenCases() {
		p, _ := c.Lookup(tt.w.PresetName())
		jobs = append(jobs, job{tt.w, p, tt.at, tt.o})
	}
	for i, j := range jobs {
		compare(t, alone, fast, i, j)
	}
	shapes, single := cache.count()
	if shapes == 0 || shapes > len(jobs)*2/3 || single > 0 {
		t.Errorf("%d shapes for %d Workspaces, and %d that have to be built alone", shapes, len(jobs), single)
	}
	for i, j := range hostileJobs(c) {
		if i%slowdown != 0 {
			continue
		}
		compare(t, alone, fast, i, j)
	}
}

// compare renders a Workspace alone and from a shape.
func compare(t *testing.T, alone, fast *Renderer, i int, j job) {
	t.Helper()
	want, err1 := alone.Render(context.Background(), j.w, j.preset, j.at, j.o)
	got, err2 := fast.Render(context.Background(), j.w, j.preset, j.at, j.o)
	if err1 != nil || err2 != nil {
		if err1 == nil || err2 == nil || err1.Error() != err2.Error() {
			t.Errorf("job %d: error %v from a shape, %v alone", i, err2, err1)
		}
		return
	}
	if a, b := text(t, got), text(t, want); !bytes.Equal(a, b) || got.Digest != want.Digest || !reflect.DeepEqual(got.Objects, want.Objects) {
		t.Errorf("job %d: from a shape:\n%s\nalone:\n%s", i, a, b)
	}
}

// count returns how many shapes there are, and how many of them cannot be filled in.
func (c *Cache) count() (shapes, alone int) {
	c.shapes.mu.Lock()
	defer c.shapes.mu.Unlock()
	for e := c.shapes.order.Front(); e != nil; e = e.Next() {
		if e.Value.(*entry[shape]).value.alone {
			alone++
		}
	}
	return c.shapes.order.Len(), alone
}
