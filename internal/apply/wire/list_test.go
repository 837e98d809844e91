// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// list is one page as a server could write it.
func (w written) page() string {
	fields := []string{
		`"kind":` + w.of(`"PodList"`, `"Pods"`, `"List"`), `"apiVersion":` + w.of(`"v1"`, `"apps/v1"`),
		`"metadata":` + w.of(`{"resourceVersion":"7"}`, `{"continue":"x","resourceVersion":"8"}`,
			`{"resourceVersion":"9","a":1}`),
		`"items":` + w.list("[", "]", w.item), w.name()[:1] + `other":` + w.value(2),
	}
	if w.rng.IntN(20) == 0 {
		fields[3] = `"items":null`
	}
	if w.rng.IntN(3) == 0 {
		w.rng.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	}
	return w.space() + "{" + strings.Join(fields, w.space()+",") + "}" + w.space()
}

func (w written) item() string {
	metadata := fmt.Sprintf(`"metadata":{"name":"n%d","labels":%s}`, w.rng.IntN(100), w.object(1))
	switch w.rng.IntN(4) {
	case 0:
		return `{"kind":"Node","apiVersion":"v1",` + metadata + "}"
	case 1:
		return w.object(3)
	}
	return "{" + metadata + `,"spec":` + w.object(3) + "}"
}

// readers gives the text in pieces of several sizes.
func readers(text string) map[string]io.Reader {
	return map[string]io.Reader{
		"as a whole":    strings.NewReader(text),
		"byte by byte":  iotest.OneByteReader(strings.NewReader(text)),
		"with its end":  iotest.DataErrReader(strings.NewReader(text)),
		"half by half":  iotest.HalfReader(strings.NewReader(text)),
		"nothing, then": io.MultiReader(iotest.OneByteReader(strings.NewReader("")), strings.NewReader(text)),
	}
}

func listed(r io.Reader) (out unstructured.UnstructuredList, err error) {
	meta, err := readPage(r, nil, func(u *unstructured.Unstructured) error {
		out.Items = append(out.Items, *u.DeepCopy()) // it is there only until yield returns
		return nil
	})
	out.Object = map[string]any{"metadata": meta}
	return out, err
}

// TestList compares with UnstructuredList over random pages: the same objects in the same order, or an error of both.
func TestList(t *testing.T) {
	for seed := range uint64(3000) {
		w := written{rand.New(rand.NewPCG(seed, 7))}
		text := w.broken(w.page())
		var want unstructured.UnstructuredList
		wantErr := want.UnmarshalJSON([]byte(text))
		for how, r := range readers(text) {
			got, err := listed(r)
			if (err == nil) != (wantErr == nil) {
				if wantErr == nil && (!strings.Contains(text, `"items"`) || strings.Contains(err.Error(), "twice")) {
					continue // stricter: TestNoList
				}
				t.Fatalf("seed %d, %s: %v, not %v, for\n%s", seed, how, err, wantErr, text)
			}
			if err != nil {
				continue
			}
			if got.GetResourceVersion() != want.GetResourceVersion() || got.GetContinue() != want.GetContinue() {
				t.Fatalf("seed %d, %s: version %q, %q", seed, how, got.GetResourceVersion(), got.GetContinue())
			}
			if len(got.Items) != len(want.Items) {
				t.Fatalf("seed %d, %s: %d objects, not %d", seed, how, len(got.Items), len(want.Items))
			}
			for i := range got.Items {
				if d := cmp.Diff(want.Items[i].Object, got.Items[i].Object); d != "" {
					t.Fatalf("seed %d, %s, object %d (-UnstructuredList +wire):\n%s", seed, how, i, d)
				}
			}
		}
	}
}

// TestTruncatedList: a list that breaks off is an error wherever it does, and not a shorter list.
func TestTruncatedList(t *testing.T) {
	const text = `{"kind":"PodList","apiVersion":"v1","metadata":{},` +
		`"items":[{"metadata":{"name":"a"}},{"spec":[1,"\u0041"]}]}`
	for end := range len(text) {
		if _, err := listed(strings.NewReader(text[:end])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v after %s", err, text[:end])
		}
		lost := errors.New("connection lost")
		if _, err := listed(io.MultiReader(strings.NewReader(text[:end]), iotest.ErrReader(lost))); !errors.Is(err, lost) {
			t.Errorf("%v after %s", err, text[:end])
		}
	}
	if got, err := listed(strings.NewReader(text)); err != nil || len(got.Items) != 2 {
		t.Errorf("%v, %v", got.Items, err)
	}
}

// TestNoList: what is no list is not taken for an empty one.
func TestNoList(t *testing.T) {
	for _, text := range []string{
		"", "null", "[]", "{}", `"items"`, `{"kind":"Status","apiVersion":"v1","status":"Failure"}`,
		`{"items":{}}`, `{"items":[1]}`, `{"items":[[]]}`, `{"items":[]}`, `{"kind":"PodList"}`,
		`{"kind":"PodList","items":[]}{}`,
		`{"kind":"PodList","items":[],"items":[]}`, `{"kind":"PodList","Items":[]}`,
		`{"kind":"PodList","items":[],"kind":"NodeList"}`, `{"kind":"PodList","apiVersion":"a/b/c","items":[]}`,
		`{"kind":"PodList","apiVersion":"v1","items":[],"apiVersion":"v2"}`,
		`{"kind":"A","items":[],"metadata":1,"metadata":{}}`,
	} {
		if _, err := listed(strings.NewReader(text)); err == nil {
			t.Errorf("no error for %s", text)
		}
	}
	for _, text := range []string{`{"items":[],"kind":"PodList"}`, `{"kind":"PodList","items":null}`} {
		if got, err := listed(strings.NewReader(text)); err != nil || len(got.Items) != 0 {
			t.Errorf("%s: %v, %v", text, got.Items, err)
		}
	}
}

// TestEscapedNames: the names of the fields of a list may have escapes, as those of an object.
func TestEscapedNames(t *testing.T) {
	const text = `{"\u006bind":"PodList","apiV\u0065rsion":"v1","m\u0065tadata":{"resourceVersion":"7"},"\u0069tems":[{}]}`
	got, err := listed(strings.NewReader(text))
	if err != nil || len(got.Items) != 1 || got.GetResourceVersion() != "7" || got.Items[0].GetAPIVersion() != "v1" {
		t.Errorf("%v, %v", got, err)
	}
}

// TestHugeItem: an object that is larger than what is read at once comes as a whole, and so do those around it.
func TestHugeItem(t *testing.T) {
	huge := strings.Repeat("x", 3*maxBuffer)
	text := `{"kind":"PodList","apiVersion":"v1","items":[{"a":"1"},{"a":"` + huge + `"},{"a":"2"}]}`
	for range 2 { // again, with what the first list has left
		got, err := listed(iotest.HalfReader(strings.NewReader(text)))
		if err != nil || len(got.Items) != 3 || got.Items[1].Object["a"] != huge || got.Items[2].Object["a"] != "2" {
			t.Errorf("%d objects, %v", len(got.Items), err)
		}
	}
}

// TestYieldFails: the error of the one who reads ends the list.
func TestYieldFails(t *testing.T) {
	no := errors.New("no")
	text := `{"kind":"PodList","apiVersion":"v1","items":[{},{}]}`
	n := 0
	_, err := readPage(strings.NewReader(text), nil, func(*unstructured.Unstructured) error { n++; return no })
	if !errors.Is(err, no) || n != 1 {
		t.Errorf("%v after %d", err, n)
	}
}
