// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"errors"
	"io"
	"sync"
)

// source is what is left of a stream. It holds as much as one value needs.
type source struct {
	reader io.Reader
	buffer []byte
	at     int // what is before it was taken
	ended  bool
}

// buffers of sources are used again, unless an object was huge.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, chunk); return &b }}

const (
	chunk     = 256 << 10
	maxBuffer = 4 << 20
)

// newSource returns a source for a stream that ends, and a function that gives its buffer back.
func newSource(r io.Reader) (s *source, done func()) {
	b := buffers.Get().(*[]byte)
	s = &source{reader: r, buffer: (*b)[:0]}
	return s, func() {
		if cap(s.buffer) <= maxBuffer {
			*b = s.buffer[:0]
			buffers.Put(b)
		}
		s.buffer = nil
	}
}

// try calls take for what is there, again with more of the stream for as long as it is short.
func (s *source) try(p *parser, take func() error) error {
	for {
		p.begin(s.buffer, s.at)
		err := take()
		switch {
		case err == nil:
			s.at = p.at
			return nil
		case !errors.Is(err, errShort):
			return err
		case s.ended:
			return io.ErrUnexpectedEOF
		}
		if err := s.fill(); err != nil {
			return err
		}
	}
}

// fill reads a chunk, or as much as there is already if that is more: a huge value is then tried few times.
func (s *source) fill() error {
	s.compact()
	want := max(chunk, len(s.buffer))
	if cap(s.buffer)-len(s.buffer) < want {
		bigger := make([]byte, len(s.buffer), len(s.buffer)+want)
		copy(bigger, s.buffer)
		s.buffer = bigger
	}
	for have := len(s.buffer); len(s.buffer) < have+want; {
		n, err := s.reader.Read(s.buffer[len(s.buffer):cap(s.buffer)])
		s.buffer = s.buffer[:len(s.buffer)+n]
		if errors.Is(err, io.EOF) {
			s.ended = true
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compact forgets what was taken.
func (s *source) compact() {
	if s.at > 0 {
		n := copy(s.buffer, s.buffer[s.at:])
		s.buffer, s.at = s.buffer[:n], 0
	}
}

// end returns an error if anything but space follows.
func (s *source) end(p *parser) error {
	err := s.try(p, func() error {
		_, err := p.next()
		if err == nil {
			return p.unexpected()
		}
		return err
	})
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
