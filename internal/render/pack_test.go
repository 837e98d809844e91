// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/preset"
)

// TestPackedIsExact: what a Packer keeps of a Workspace is, byte for byte, what its Renderer makes of it, for any
// Workspace, and it says the same of it.
func TestPackedIsExact(t *testing.T) {
	c, _ := builtin(t)
	full, packer := New(c, NewCache()), Packer{New(c, NewCache())}
	for i, j := range packedJobs(t, c) {
		want, err1 := full.Render(context.Background(), j.w, j.preset, j.at, j.o)
		got, err2 := packer.Render(context.Background(), j.w, j.preset, j.at, j.o)
		if err1 != nil || err2 != nil {
			if err1 == nil || err2 == nil || err1.Error() != err2.Error() {
				t.Errorf("job %d: error %v packed, %v in full", i, err2, err1)
			}
			continue
		}
		samePacked(t, i, got, want)
	}
}

// packedJobs are Workspaces of all sorts: a fleet, those of the golden files, and hostile ones.
func packedJobs(t *testing.T, c *preset.Catalog) []job {
	t.Helper()
	jobs := fleet(c, 500/slowdown, 21)
	for _, tt := range goldenCases() {
		p, _ := c.Lookup(tt.w.PresetName())
		jobs = append(jobs, job{tt.w, p, tt.at, tt.o})
	}
	for i, j := range hostileJobs(c) {
		if i%(4*slowdown) == 0 {
			jobs = append(jobs, j)
		}
	}
	return jobs
}

func samePacked(t *testing.T, i int, got, want Bundle) {
	t.Helper()
	whole, known := got.Whole()
	if !known || !reflect.DeepEqual(whole, want.Objects) {
		t.Errorf("job %d: packed (known: %v):\n%s\nin full:\n%s", i, known, text(t, Bundle{Objects: whole}), text(t, want))
	}
	if got.Digest != want.Digest || !reflect.DeepEqual(got.List(), want.List()) ||
		got.Facts(want.Workspace) != want.Facts(want.Workspace) || !reflect.DeepEqual(got.Warnings, want.Warnings) {
		t.Errorf("job %d: a packed bundle says another thing of its Workspace", i)
	}
	h := sha256.New()
	for k, o := range want.Objects {
		data, err := json.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		if got.List()[k].Digest != sha256.Sum256(data) {
			t.Errorf("job %d: the digest of %s is not that of its JSON", i, got.List()[k].Ref)
		}
		if g := got.Objects[k]; len(g.Object) != 2 || g.GetKind() != o.GetKind() || g.GetAPIVersion() != o.GetAPIVersion() {
			t.Errorf("job %d: the outline of %s is %v", i, got.List()[k].Ref, g.Object)
		}
		line, err := o.MarshalJSON() // with the line feed
		if err != nil {
			t.Fatal(err)
		}
		h.Write(line)
	}
	if sum := hex.EncodeToString(h.Sum(nil)); sum != want.Digest {
		t.Errorf("job %d: the digest is %s, and that of the objects %s", i, want.Digest, sum)
	}
}

// TestPackedAgain: equal inputs have the same outlines, by address, and others have others.
func TestPackedAgain(t *testing.T) {
	c, _ := builtin(t)
	cache := NewCache()
	j := fleet(c, 1, 3)[0]
	render := func(c *preset.Catalog, o Options) Bundle {
		t.Helper()
		b, err := Packer{New(c, cache)}.Render(context.Background(), j.w, j.preset, j.at, o)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	first, second := render(c, j.o), render(c, j.o)
	again, known := Packer{New(c, cache)}.Again(first)
	if !known || first.Objects[0] != second.Objects[0] || again.Objects[0] != first.Objects[0] {
		t.Error("equal inputs have different outlines")
	}
	moved := j.o
	moved.Source = "elsewhere.yaml"
	if other := render(c, moved); other.Objects[0] == first.Objects[0] || other.Digest == first.Digest {
		t.Error("another source has the same outlines")
	}
	full, err := New(c, cache).Render(context.Background(), j.w, j.preset, j.at, j.o)
	if err != nil {
		t.Fatal(err)
	}
	if whole, known := full.Whole(); !known || whole[0] != full.Objects[0] {
		t.Error("objects in full are not their own content")
	}
	if plain, err := (Packer{New(c, nil)}).Render(context.Background(), j.w, j.preset, j.at, j.o); err != nil ||
		!reflect.DeepEqual(plain.Objects, full.Objects) {
		t.Errorf("without a cache, error %v, or other objects", err)
	}
	outlined, err := Outliner{New(c, cache), NewOutlines()}.Render(context.Background(), j.w, j.preset, j.at, j.o)
	if err != nil {
		t.Fatal(err)
	}
	if _, known := outlined.Whole(); known {
		t.Error("the content of plain outlines is known")
	}
	if _, ok, err := outlined.With(0, full.Objects[0]); ok || err != nil {
		t.Errorf("plain outlines have another object: %v, %v", ok, err)
	}
}

// TestPackedEdits: an object in front, and another one instead of one, are as with objects in full.
func TestPackedEdits(t *testing.T) {
	c, _ := builtin(t)
	for i, j := range fleet(c, 20, 5) {
		full, err := New(c, NewCache()).Render(context.Background(), j.w, j.preset, j.at, j.o)
		if err != nil {
			continue
		}
		small, err := Packer{New(c, NewCache())}.Render(context.Background(), j.w, j.preset, j.at, j.o)
		if err != nil {
			t.Fatal(err)
		}
		at := len(full.Objects) - 1
		other := full.Objects[at].DeepCopy()
		other.SetAnnotations(map[string]string{"changed": "yes"})
		want, ok1, err1 := full.With(at, other)
		got, ok2, err2 := small.With(at, other)
		if !ok1 || !ok2 || err1 != nil || err2 != nil {
			t.Fatalf("job %d: %v %v %v %v", i, ok1, ok2, err1, err2)
		}
		samePacked(t, i, got, want)
		if got.Objects[at] == small.Objects[at] || at > 0 && got.Objects[0] != small.Objects[0] {
			t.Errorf("job %d: the addresses of outlines do not tell which one has changed", i)
		}
		pool := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Pool"}}
		front := got.Before(pool)
		whole, known := front.Whole()
		if !known || whole[0] != pool || !reflect.DeepEqual(whole[1:], want.Objects) || len(front.List()) != len(whole) {
			t.Errorf("job %d: with an object in front, %d of %d objects", i, len(whole), len(want.Objects)+1)
		}
	}
}

// TestPackedIsSmall: the content of a bundle takes 1 KiB or so, in any fleet.
func TestPackedIsSmall(t *testing.T) {
	c, _ := builtin(t)
	packer := Packer{New(c, NewCache())}
	sum, n := 0, 0
	for _, j := range fleet(c, 400/slowdown, 9) {
		if b, err := packer.Render(context.Background(), j.w, j.preset, j.at, j.o); err == nil {
			sum, n = sum+b.content.Size(), n+1
		}
	}
	if each := sum / n; each > 1536 {
		t.Errorf("the content of a bundle takes %d bytes", each)
	}
}
