// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/streaming"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	restwatch "k8s.io/client-go/rest/watch"
)

const bookmark = `{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"9",` +
	`"annotations":{"k8s.io/initial-events-end":"true"}}}`

// event is one as a server could write it.
func (w written) event() string {
	object := w.of(
		`{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Expired","code":410}`, bookmark,
		`{"metadata":{"name":"a"}}`, `{"kind":"Pod","metadata":{"name":"a"}}`, "null", "1",
		`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},"spec":`+w.object(3)+"}",
		`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},"x":"`+strings.Repeat("y", w.rng.IntN(40_000))+`"}`,
	)
	out := `"type":"` + w.of("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "\\u0041DDED", "") + `",` + w.space() +
		`"object":` + object
	if w.rng.IntN(10) == 0 {
		out = `"object":` + object + `,"type":"ADDED"` + w.of("", `,"other":{}`)
	}
	return "{" + out + "}" + w.of("\n", "\n", "", " \n")
}

// pieces is a stream that comes in pieces.
type pieces struct {
	rng  *rand.Rand
	text string
}

func (p *pieces) Read(into []byte) (int, error) {
	if p.text == "" {
		return 0, io.EOF
	}
	n := copy(into[:min(len(into), 1+p.rng.IntN(5000))], p.text)
	p.text = p.text[n:]
	return n, nil
}

func (p *pieces) Close() error { return nil }

// events returns what a watch would tell, by the serializers of a client.
func events(t *testing.T, s runtime.NegotiatedSerializer, stream io.ReadCloser) (out []string) {
	t.Helper()
	info, _ := runtime.SerializerInfoForMediaType(s.SupportedMediaTypes(), runtime.ContentTypeJSON)
	frames := info.StreamSerializer.Framer.NewFrameReader(stream)
	d := restwatch.NewDecoder(streaming.NewDecoder(frames, info.StreamSerializer.Serializer), info.Serializer)
	for {
		action, object, err := d.Decode()
		if err != nil {
			return append(out, fmt.Sprintf("end: %v", errors.Is(err, io.EOF)))
		}
		out = append(out, fmt.Sprintf("%s %T %v", action, object, object))
	}
}

// dynamicClient has the serializers of the dynamic client.
var dynamicClient = dynamic.ConfigFor(&rest.Config{}).NegotiatedSerializer

// TestEvents compares with the dynamic client over random streams: the same events, and an end at the same place.
func TestEvents(t *testing.T) {
	for seed := range uint64(1000) {
		w := written{rand.New(rand.NewPCG(seed, 8))}
		text := ""
		for range 1 + w.rng.IntN(6) {
			text += w.event()
		}
		if w.rng.IntN(3) == 0 {
			text = w.broken(text)
		}
		want := events(t, dynamicClient, &pieces{w.rng, text})
		got := events(t, serializers{dynamicClient, nil}, &pieces{w.rng, text})
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d (-dynamic client +wire):\n%s\nof %.2000s", seed, d, text)
		}
	}
}

// TestEventWithTwoObjects: an event as the server writes none is left to the dynamic client, which gets it as it was.
// One of two objects, which were written one over the other, once ended the process.
func TestEventWithTwoObjects(t *testing.T) {
	const text = `{"object":{"a":1},"object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}},` +
		`"type":"ADDED","x":1}`
	want := events(t, dynamicClient, &pieces{rand.New(rand.NewPCG(1, 10)), text})
	got := events(t, serializers{dynamicClient, nil}, &pieces{rand.New(rand.NewPCG(1, 10)), text})
	if d := cmp.Diff(want, got); d != "" || !strings.Contains(got[0], "kind:Pod") {
		t.Errorf("(-dynamic client +wire):\n%s", d)
	}
}

// TestEventsOfWantedFields: an object has the wanted fields only; a bookmark and an error of the server have all.
func TestEventsOfWantedFields(t *testing.T) {
	wanted := Fields{"apiVersion": nil, "kind": nil, "metadata": {"name": nil}}
	text := `{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","uid":"b"},"spec":{}}}
{"type":"BOOKMARK","object":` + bookmark + `}
{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"reason":"Expired","code":410}}
`
	whole := events(t, dynamicClient, &pieces{rand.New(rand.NewPCG(1, 9)), text})
	got := events(t, serializers{dynamicClient, wanted}, &pieces{rand.New(rand.NewPCG(1, 9)), text})
	if !slices.Equal(got[1:], whole[1:]) || strings.Contains(got[0], "uid") || !strings.Contains(got[0], "name:a") {
		t.Errorf("%s", cmp.Diff(whole, got))
	}
}

// waiting is a stream that has ended for the moment.
type waiting struct {
	text  string
	waits chan struct{}
	done  chan struct{}
}

func (s *waiting) Read(into []byte) (int, error) {
	if s.text == "" {
		close(s.waits)
		<-s.done
		return 0, io.EOF
	}
	n := copy(into, s.text)
	s.text = s.text[n:]
	return n, nil
}

func (s *waiting) Close() error { return nil }

// TestEventIsNotHeldUp: an event comes at once, before there is more of the stream, also without an end of a line.
func TestEventIsNotHeldUp(t *testing.T) {
	for _, end := range []string{"\n", ""} {
		s := &waiting{`{"type":"ADDED","object":{"kind":"Pod"}}` + end, make(chan struct{}), make(chan struct{})}
		r := frames{}.NewFrameReader(s)
		into := make([]byte, 1000)
		if n, err := r.Read(into); err != nil || !strings.HasSuffix(string(into[:n]), "}}") {
			t.Errorf("%s, %v", into[:n], err)
		}
		go func() { <-s.waits; close(s.done) }()
		if n, err := r.Read(into); err != io.EOF || n != 0 { //nolint:errorlint // as the watch compares it
			t.Errorf("%d bytes, %v", n, err)
		}
	}
}
