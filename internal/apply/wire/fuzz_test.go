// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/streaming"
	"k8s.io/apimachinery/pkg/util/json"
)

// FuzzRead compares with k8s.io/apimachinery over any bytes, taken for an object, a list and a stream of events: the
// same values, or an error of both.
//
// Wire is stricter with a list. One without items or kind is an error, so that an answer which is none does not stand
// for no objects. So is one that has a field of its own twice, since objects are handed on as they come. It is laxer
// with what the server never sends: an object of a list has all of maxDepth for itself; a number in a field that is not
// wanted may be too large; the kind of an object in an event is in exactly the fields "kind" and "apiVersion", of which
// the last one counts; and an object with a name may have the kind of a request, such as DeleteOptions.
func FuzzRead(f *testing.F) {
	for _, text := range seeds() {
		f.Add([]byte(text), uint16(0))
		f.Add([]byte(text), uint16(50))
	}
	f.Fuzz(func(t *testing.T, data []byte, piece uint16) {
		size := max(int(piece)+1, len(data)/256) // with more pieces what is long is tried too often
		compareObject(t, data)
		compareList(t, data, size)
		compareEvents(t, data, size)
	})
}

const (
	podList = `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"4711","continue":"eyJ2Ijoi",` +
		`"remainingItemCount":3},"items":[{"metadata":{"name":"phi-4-0","namespace":"default",` +
		`"uid":"6a4f30c4-0d4c-4f4e-8f0a-0d9b9d8d7f5e","resourceVersion":"4700","generation":2,` +
		`"creationTimestamp":"2026-01-02T03:04:05Z","labels":{"apps":"phi-4","a/b":""},"managedFields":[` +
		`{"manager":"syncer","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":` +
		`{"f:metadata":{"f:labels":{"f:apps":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"m\"}":{".":{}}}}}}]},` +
		`"spec":{"containers":[{"name":"m","args":["--a\u003cb","ä"],"resources":{}}],"nodeName":"n"},"status":` +
		`{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastProbeTime":null}]}},{"metadata":` +
		`{"name":"b"}}]}` + "\n"
	workspaces = `{"apiVersion":"kaito.sh/v1beta1","items":[{"apiVersion":"kaito.sh/v1beta1","kind":"Workspace",` +
		`"metadata":{"name":"a"},"resource":{"count":1}}],"kind":"WorkspaceList","metadata":{"resourceVersion":"9"}}`
	failure = `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource ` +
		`version: 1 (2)","reason":"Expired","code":410}`
	pod = `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","generation":1}}`
)

// seeds are documents as the API server sends them, and some that are odd.
func seeds() []string {
	nested := func(n int, open, end string) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	out := []string{
		podList, workspaces, failure, bookmark, pod,
		`{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}`,
		`{"kind":"NodeList","apiVersion":"v1","metadata":{},"items":null}`,
		`{"kind":"List","apiVersion":"v1","items":[null,{},{"kind":"Node"},{"kind":1}]}`,
		`{"kind":"PodList","kind":"NodeList","apiVersion":"v1","items":[{}],"items":[]}`,
		`{"items":[{}],"kind":"PodList","apiVersion":"a/b/c","metadata":1}`,
		`{"\u006bind":"PodList","apiVersi\u006fn":"v1","m\u0065tadata":{"continue":"x"},"\u0069tems":[{"a":1}]}`,
		`{"kind":"PodList","apiVersion":"v1","metadata":{"\u0063ontinue":"\u0061"},"items":[{"\u0061":1,"a":2}]}`,
		`{"a":1,"a":{"b":1},"a":{"c":2},"fieldsV1":{"a":1},"b":{"fieldsV1":{"a":1}}}`,
		`{"a":[0,-0,0.0,-0.0,1e3,1E+3,1e-400,5e-324,1.7976931348623157e308,9007199254740993]}`,
		`{"a":[9223372036854775807,9223372036854775808,-9223372036854775808,-9223372036854775809]}`,
		`{"a":1e309}`, `{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":+1}`, `{"a":-}`, `{"a":0x1}`, `{"a":NaN}`, `{"a":1`,
		`{"a":"\ud83d\ude00\ud83d\ude00x\ude00\ud83d","\ud83d":"\u0000\u001f\u007f\u2028\uFFFF"}`,
		"{\"a\":\"\xff\xc3\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf\",\"\xff\":1,\"\xfe\":2,\"\xef\xbf\xbd\":3}",
		"{\"a\":\"\x00\"}", "{\"a\":\"\t\"}", `{"a":"\x"}`, `{"a":"\u12`, `{"a":"\'"}`,
		`{"a":"` + strings.Repeat("ä", 40) + `"}`,
		"\xef\xbb\xbf{}", "{}\x00", "{} {}", "{}//", `{"a":1,}`, `[1]`, `"a"`, `1`, `null`, `nul`, "", " ",
		`{"kind":"PodList","apiVersion":"v1","items":[` + nested(100, `{"a":[`, `]}`) + `]}`,
		`{"type":"ADDED","type":"DELETED","object":{},"object":` + pod + `,"x":{}}`,
		`{"object":{"a":1},"object":` + pod + `,"type":"ADDED","x":1}`,
		`{"type":"\u0041DDED","object":` + pod + `}`, `{"type":"ADDED","object":null}`, `{"type":null,"object":{}}`,
		`{"kind":"Pod","Kind":"Status","apiVersion":"v1","APIVERSION":1,"metadata":{"name":"a"}}`,
		`{"kind":"DeleteOptions","apiVersion":"v1","metadata":{"name":"a"}}`,
		`{"kind":"Pod","apiVersion":"a/b/c","metadata":{"name":"a"}}`,
		`{"kind":"Status","apiVersion":"apps/v1","metadata":{"name":"a"}}`,
	}
	stream := ""
	for _, object := range []string{pod, bookmark, failure} {
		for _, of := range []string{"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "OTHER"} {
			stream += `{"type":"` + of + `","object":` + object + "}\n"
		}
	}
	for _, object := range slices.Clone(out) {
		out = append(out, `{"type":"ADDED","object":`+object+"}\n")
	}
	out = append(
		out, `{"a":`+nested(maxDepth-1, "[", "]")+"}", `{"a":`+nested(maxDepth, "[", "]")+"}",
		`{"kind":"PodList","apiVersion":"v1","items":[{"a":`+nested(maxDepth-3, "[", "]")+`}]}`,
		`{"kind":"PodList","apiVersion":"v1","items":[{"a":`+nested(maxDepth-1, "[", "]")+`}]}`,
		strings.Repeat(`{"fieldsV1":`, 1000)+"1"+strings.Repeat("}", 1000),
		`{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},"a":`+
			nested(maxDepth-2, "[", "]")+"}}\n",
	)
	return append(out, stream, stream[:len(stream)-3], strings.ReplaceAll(stream, "\n", ""))
}

// same compares values. Package cmp takes too long where they are nested deeply.
func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%s:\n%.2000s\ndiffers from that of k8s.io/apimachinery:\n%.2000s", what, fmt.Sprint(got), fmt.Sprint(want))
	}
}

// compareObject compares the values of an object.
func compareObject(t *testing.T, data []byte) {
	t.Helper()
	var want map[string]any
	wantErr := json.Unmarshal(data, &want)
	got, err := parsed(string(data), nil)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("object: %v, not %v", err, wantErr)
	}
	if err == nil {
		same(t, "object", any(want), any(got))
	}
	wanted := Fields{"a": nil, "metadata": {"name": nil, "fieldsV1": nil}, "items": {"a": nil, "spec": {}}}
	got, err = parsed(string(data), wanted)
	if (err == nil) != (wantErr == nil) && (err != nil || !isTooLarge(wantErr)) {
		t.Fatalf("object with the wanted fields: %v, not %v", err, wantErr)
	}
	if wantErr == nil && want != nil {
		same(t, "object with the wanted fields", only(want, wanted), any(got))
	}
}

// isTooLarge reports whether an error is of a number.
func isTooLarge(err error) bool { return strings.Contains(fmt.Sprint(err), "cannot unmarshal number") }

// compareList compares the objects of a list that comes in pieces, and its metadata.
func compareList(t *testing.T, data []byte, piece int) {
	t.Helper()
	var want unstructured.UnstructuredList
	wantErr := want.UnmarshalJSON(data)
	got, err := listed(&cut{data, piece})
	switch {
	case err == nil && wantErr != nil:
		if !strings.Contains(wantErr.Error(), "max depth") {
			t.Fatalf("list: no error, not %v", wantErr)
		}
		return
	case err != nil && wantErr == nil:
		fields := fieldsOf(data)
		if slices.Contains(fields, "items") && !hasTwice(fields, func(a, b string) bool { return a == b }) {
			t.Fatalf("list: %v, not none", err)
		}
		return
	case err != nil:
		return
	}
	metadata, _ := want.Object["metadata"].(map[string]any)
	same(t, "metadata of a list", any(metadata), got.Object["metadata"])
	if len(got.Items) != len(want.Items) {
		t.Fatalf("%d objects, not %d", len(got.Items), len(want.Items))
	}
	for i := range got.Items {
		same(t, "object of a list", any(want.Items[i].Object), any(got.Items[i].Object))
	}
}

// fieldsOf returns the names of the fields of an object.
func fieldsOf(data []byte) (out []string) {
	d := stdjson.NewDecoder(bytes.NewReader(data))
	_, err := d.Token()
	for err == nil && d.More() {
		var name, value any
		if name, err = d.Token(); err == nil {
			out = append(out, fmt.Sprint(name))
			err = d.Decode(&value)
		}
	}
	return out
}

// hasTwice reports whether there are two of the fields that lists and objects have.
func hasTwice(fields []string, same func(a, b string) bool) bool {
	for _, name := range []string{"kind", "apiVersion", "metadata", "items"} {
		others := func(other string) bool { return !same(name, other) }
		if len(slices.DeleteFunc(slices.Clone(fields), others)) > 1 {
			return true
		}
	}
	return false
}

// compareEvents compares the events of a stream that comes in pieces, and the objects in them.
func compareEvents(t *testing.T, data []byte, piece int) {
	t.Helper()
	want, wantErr := frameEvents(dynamicClient, &cut{data, piece})
	got, err := frameEvents(serializers{dynamicClient, nil}, &cut{data, piece})
	same(t, "events", want, got)
	if errors.Is(err, io.EOF) != errors.Is(wantErr, io.EOF) {
		t.Fatalf("%v, not %v, after the events", err, wantErr)
	}
	for _, event := range got {
		compareDecoded(t, event.Object.Raw)
	}
	compareDecoded(t, data)
}

// frameEvents returns the events of a stream, before their objects are decoded, up to the first that a watch ends at.
func frameEvents(s runtime.NegotiatedSerializer, stream io.ReadCloser) (out []metav1.WatchEvent, err error) {
	info, _ := runtime.SerializerInfoForMediaType(s.SupportedMediaTypes(), runtime.ContentTypeJSON)
	d := streaming.NewDecoder(info.StreamSerializer.Framer.NewFrameReader(stream), info.StreamSerializer.Serializer)
	for {
		var event metav1.WatchEvent
		if _, _, err := d.Decode(nil, &event); err != nil {
			return out, err
		}
		if !slices.Contains([]string{"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"}, event.Type) {
			return out, errUnusual
		}
		event.Object.Raw = slices.Clone(event.Object.Raw)
		out = append(out, event)
	}
}

// compareDecoded compares the object of an event.
func compareDecoded(t *testing.T, data []byte) {
	t.Helper()
	decode := func(s runtime.NegotiatedSerializer) (runtime.Object, *schema.GroupVersionKind, error) {
		info, _ := runtime.SerializerInfoForMediaType(s.SupportedMediaTypes(), runtime.ContentTypeJSON)
		return info.Serializer.Decode(data, nil, nil)
	}
	want, wantKind, wantErr := decode(dynamicClient)
	got, gotKind, err := decode(serializers{dynamicClient, nil})
	if hasTwice(fieldsOf(data), strings.EqualFold) {
		return
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%v, not %v, for the object\n%q", err, wantErr, data)
	}
	switch want.(type) {
	case *unstructured.Unstructured, *metav1.Status:
		same(t, "kind of an object in an event", wantKind, gotKind)
		same(t, "object in an event", want, got)
	}
}

// cut is a stream that comes in pieces of a size.
type cut struct {
	data  []byte
	piece int
}

func (c *cut) Read(into []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := copy(into[:min(len(into), c.piece)], c.data)
	c.data = c.data[n:]
	return n, nil
}

func (c *cut) Close() error { return nil }
