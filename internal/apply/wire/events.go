// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
	"io"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// serializers are those of the dynamic client for JSON, beside that objects are read with the wanted fields.
type serializers struct {
	runtime.NegotiatedSerializer
	wanted Fields
}

// SupportedMediaTypes implements runtime.NegotiatedSerializer.
func (s serializers) SupportedMediaTypes() []runtime.SerializerInfo {
	for _, info := range s.NegotiatedSerializer.SupportedMediaTypes() {
		if info.MediaType != runtime.ContentTypeJSON {
			continue
		}
		info.Serializer = objects{info.Serializer, s.wanted}
		stream := *info.StreamSerializer
		stream.Serializer, stream.Framer = eventsOf{stream.Serializer}, frames{stream.Framer}
		info.StreamSerializer = &stream
		return []runtime.SerializerInfo{info}
	}
	return nil
}

// objects reads an object, and leaves what is none to another serializer: an error of the server, a bookmark, which has
// no name but annotations that count, and what is broken.
type objects struct {
	runtime.Serializer
	wanted Fields
}

// Decode implements runtime.Decoder.
func (o objects) Decode(
	data []byte, defaults *schema.GroupVersionKind, into runtime.Object,
) (runtime.Object, *schema.GroupVersionKind, error) {
	if into != nil {
		return o.Serializer.Decode(data, defaults, into)
	}
	p := parsers.Get().(*parser)
	defer p.done()
	object, err := p.parse(data, o.wanted)
	u := &unstructured.Unstructured{Object: object}
	gvk := u.GroupVersionKind()
	if err != nil || gvk.Version == "" || gvk.Kind == "" || gvk.Kind == "Status" || u.GetName() == "" {
		return o.Serializer.Decode(data, defaults, into)
	}
	return u, &gvk, nil
}

// eventsOf reads the frame of an event.
type eventsOf struct{ runtime.Serializer }

// Decode implements runtime.Decoder.
func (e eventsOf) Decode(
	data []byte, defaults *schema.GroupVersionKind, into runtime.Object,
) (runtime.Object, *schema.GroupVersionKind, error) {
	event, ok := into.(*metav1.WatchEvent)
	if !ok {
		return e.Serializer.Decode(data, defaults, into)
	}
	read, err := readEvent(data)
	if err != nil { // event is untouched: the serializer writes where an object of it lies, which must not be in data
		return e.Serializer.Decode(data, defaults, into)
	}
	*event = read
	return event, defaults, nil
}

// readEvent reads {"type":"ADDED","object":{...}}. The object stays a part of data.
func readEvent(data []byte) (event metav1.WatchEvent, err error) {
	s := scanner{data: data}
	if err := s.take('{'); err != nil {
		return event, err
	}
	for first := true; ; first = false {
		more, err := s.more(first, '}')
		if err != nil {
			return event, err
		}
		if !more {
			break
		}
		key, _, err := s.key()
		if err != nil {
			return event, err
		}
		c, err := s.next()
		if err != nil {
			return event, err
		}
		start := s.at
		if err := s.skip(); err != nil {
			return event, err
		}
		switch value := data[start:s.at]; {
		case string(key) == "type" && c == '"':
			event.Type = string(value[1 : len(value)-1])
		case string(key) == "object" && c == '{':
			event.Object.Raw = value
		default:
			return event, errUnusual
		}
	}
	if event.Type == "" || event.Object.Raw == nil || bytes.IndexByte([]byte(event.Type), '\\') >= 0 {
		return event, errUnusual
	}
	return event, nil
}

var errUnusual = errors.New("it is no event as the API server writes it")

// frames finds the ends of the events.
type frames struct{ runtime.Framer }

// NewFrameReader implements runtime.Framer.
func (frames) NewFrameReader(r io.ReadCloser) io.ReadCloser { return &frameReader{stream: r} }

// frameReader returns one JSON value after the other. It holds no memory while it waits for the next one.
type frameReader struct {
	stream io.ReadCloser
	buffer []byte
	at     int
	rest   []byte // of a value that the caller had no room for
	tried  int    // so much of the buffer has no complete value
	err    error  // of the stream
}

// Close implements io.Closer.
func (f *frameReader) Close() error { return f.stream.Close() }

// Read returns one value, or as much of it as there is room for with io.ErrShortBuffer.
func (f *frameReader) Read(into []byte) (int, error) {
	if len(f.rest) == 0 {
		frame, err := f.frame()
		if err != nil {
			return 0, err
		}
		f.rest = frame
	}
	n := copy(into, f.rest)
	if f.rest = f.rest[n:]; len(f.rest) > 0 {
		return n, io.ErrShortBuffer
	}
	f.rest = nil
	return n, nil
}

// frame returns the next value. It stays valid until the next call.
func (f *frameReader) frame() ([]byte, error) {
	for {
		if f.mayEnd() {
			s := scanner{data: f.buffer, at: f.at}
			_, err := s.next()
			start := s.at
			if err == nil {
				err = s.skip()
			}
			switch {
			case err == nil:
				f.at, f.tried = s.at, s.at
				return f.buffer[start:s.at], nil
			case !errors.Is(err, errShort):
				return nil, err
			}
			f.tried = len(f.buffer)
		}
		if f.err != nil {
			return nil, f.end()
		}
		f.fill()
	}
}

// mayEnd reports whether an event may be complete: it ends with a brace, and the server begins a line after it.
func (f *frameReader) mayEnd() bool {
	added := f.buffer[max(f.at, f.tried):]
	return len(added) > 0 &&
		(f.err != nil || bytes.IndexByte(added, '\n') >= 0 || added[len(added)-1] == '}' || f.tried <= f.at)
}

// end returns the error of a stream without a further value.
func (f *frameReader) end() error {
	if errors.Is(f.err, io.EOF) && len(bytes.TrimSpace(f.buffer[f.at:])) > 0 {
		return io.ErrUnexpectedEOF
	}
	return f.err
}

// smallRead is the room for one read. What a waiting watch holds is not more.
const smallRead = 8 << 10

func (f *frameReader) fill() {
	n := copy(f.buffer, f.buffer[f.at:])
	f.buffer, f.tried, f.at = f.buffer[:n], f.tried-f.at, 0
	if n == 0 && cap(f.buffer) > smallRead {
		f.buffer = nil
	}
	if cap(f.buffer)-n < smallRead {
		bigger := make([]byte, n, max(2*n, n+smallRead))
		copy(bigger, f.buffer)
		f.buffer = bigger
	}
	n, f.err = f.stream.Read(f.buffer[len(f.buffer):cap(f.buffer)])
	f.buffer = f.buffer[:len(f.buffer)+n]
}
