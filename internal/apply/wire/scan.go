// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// maxDepth is the nesting that package k8s.io/apimachinery/pkg/util/json allows.
const maxDepth = 10_000

var (
	// errShort means that the data ends within a value: more of it may follow.
	errShort   = errors.New("unexpected end of JSON input")
	errTooDeep = fmt.Errorf("JSON exceeds the depth of %d", maxDepth)
)

// scanner walks through JSON, and checks its grammar.
type scanner struct {
	data  []byte
	at    int
	depth int
}

func (s *scanner) unexpected() error {
	return fmt.Errorf("invalid character %q in JSON", s.data[s.at])
}

// next returns the first byte that is no space, without taking it.
func (s *scanner) next() (byte, error) {
	for ; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c, nil
		}
	}
	return 0, errShort
}

// take takes one byte, which must be c.
func (s *scanner) take(c byte) error {
	got, err := s.next()
	if err != nil {
		return err
	}
	if got != c {
		return s.unexpected()
	}
	s.at++
	return nil
}

// more reports whether another element of an object or array follows: after a comma, or before the first one. It takes
// the comma, or the end.
func (s *scanner) more(first bool, end byte) (bool, error) {
	c, err := s.next()
	if err != nil {
		return false, err
	}
	switch {
	case c == end:
		s.at++
		return false, nil
	case first:
		return true, nil
	case c == ',':
		s.at++
		return true, nil
	}
	return false, s.unexpected()
}

// elements takes an object or array, and each of its elements by take.
func (s *scanner) elements(end byte, take func() error) error {
	if err := s.enter(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := s.more(first, end)
		if err != nil {
			return err
		}
		if !more {
			s.depth--
			return nil
		}
		if err := take(); err != nil {
			return err
		}
	}
}

// enter goes one level deeper.
func (s *scanner) enter() error {
	s.at++
	if s.depth++; s.depth > maxDepth {
		return errTooDeep
	}
	return nil
}

// skip takes a value.
func (s *scanner) skip() error {
	c, err := s.next()
	if err != nil {
		return err
	}
	switch c {
	case '{', '[':
		return s.skipNested(c)
	case '"':
		_, _, err := s.text()
		return err
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	}
	_, err = s.number()
	return err
}

func (s *scanner) skipNested(open byte) error {
	if open == '[' {
		return s.elements(']', s.skip)
	}
	return s.elements('}', func() error {
		if _, _, err := s.key(); err != nil {
			return err
		}
		return s.skip()
	})
}

// key takes the name of a field and the colon after it.
func (s *scanner) key() (raw []byte, plain bool, err error) {
	c, err := s.next()
	if err != nil {
		return nil, false, err
	}
	if c != '"' {
		return nil, false, s.unexpected()
	}
	if raw, plain, err = s.text(); err != nil {
		return nil, false, err
	}
	return raw, plain, s.take(':')
}

// text takes a string, and returns what is between its quotes. A plain one has no escape and only ASCII.
func (s *scanner) text() (raw []byte, plain bool, err error) {
	s.at++
	start := s.at
	plain = true
	for {
		s.at += plainBytes(s.data[s.at:])
		if s.at >= len(s.data) {
			return nil, false, errShort
		}
		switch c := s.data[s.at]; {
		case c == '"':
			raw = s.data[start:s.at]
			s.at++
			return raw, plain, nil
		case c >= 0x80:
			s.at++
		case c == '\\':
			if err := s.escape(); err != nil {
				return nil, false, err
			}
		default:
			return nil, false, s.unexpected() // a control character
		}
		plain = false
	}
}

// escape takes a backslash and what it escapes.
func (s *scanner) escape() error {
	if s.at+1 >= len(s.data) {
		return errShort
	}
	s.at++
	switch s.data[s.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
		return nil
	case 'u':
		s.at++
		for range 4 {
			if s.at >= len(s.data) {
				return errShort
			}
			if _, ok := hexDigit(s.data[s.at]); !ok {
				return s.unexpected()
			}
			s.at++
		}
		return nil
	}
	return s.unexpected()
}

func hexDigit(c byte) (rune, bool) {
	switch {
	case '0' <= c && c <= '9':
		return rune(c - '0'), true
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10, true
	}
	return 0, false
}

// plainBytes returns how many bytes from the start on are plain: neither quotes nor backslashes nor control characters,
// and ASCII. It looks at eight at a time.
func plainBytes(data []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	n := 0
	for ; n+8 <= len(data); n += 8 {
		w := binary.LittleEndian.Uint64(data[n:])
		quotes, slashes := w^(ones*'"'), w^(ones*'\\')
		// The lowest byte whose top bit is set is exact; those above may be wrong by a borrow.
		special := (w | (w - ones*0x20) | (quotes - ones) | (slashes - ones)) & tops
		if special != 0 {
			n += bits.TrailingZeros64(special) / 8
			return n
		}
	}
	for ; n < len(data); n++ {
		if c := data[n]; c < 0x20 || c >= 0x80 || c == '"' || c == '\\' {
			return n
		}
	}
	return n
}

func (s *scanner) word(word string) error {
	for i := range len(word) {
		if s.at+i >= len(s.data) {
			return errShort
		}
		if s.data[s.at+i] != word[i] {
			s.at += i
			return s.unexpected()
		}
	}
	s.at += len(word)
	return nil
}

// number takes a number. One at the end of the data is short: a digit might follow.
func (s *scanner) number() ([]byte, error) {
	start := s.at
	if s.data[s.at] == '-' {
		s.at++
	}
	if s.at < len(s.data) && s.data[s.at] == '0' {
		s.at++
	} else if err := s.digits(); err != nil {
		return nil, err
	}
	if s.at < len(s.data) && s.data[s.at] == '.' {
		s.at++
		if err := s.digits(); err != nil {
			return nil, err
		}
	}
	if s.at < len(s.data) && (s.data[s.at] == 'e' || s.data[s.at] == 'E') {
		s.at++
		if s.at < len(s.data) && (s.data[s.at] == '+' || s.data[s.at] == '-') {
			s.at++
		}
		if err := s.digits(); err != nil {
			return nil, err
		}
	}
	if s.at >= len(s.data) {
		return nil, errShort
	}
	return s.data[start:s.at], nil
}

// digits takes one digit or more.
func (s *scanner) digits() error {
	start := s.at
	for s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9' {
		s.at++
	}
	switch {
	case s.at >= len(s.data):
		return errShort
	case s.at == start:
		return s.unexpected()
	}
	return nil
}
