// SPDX-License-Identifier: Apache-2.0

package objects

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
)

// An Object is a Git object in memory, with its name. It does not change, and takes little more than its content.
type Object struct {
	hash plumbing.Hash
	kind plumbing.ObjectType
	data []byte
}

// New returns an object with this content, which must not change any more. Its name is computed in the way that notices
// a collision.
func New(kind plumbing.ObjectType, data []byte) *Object {
	return &Object{plumbing.ComputeHash(kind, data), kind, data}
}

// Compact returns an object that takes no more memory than it must, and gives its bytes without a copy.
func Compact(o plumbing.EncodedObject) (*Object, error) {
	if o, ok := o.(*Object); ok {
		return o, nil
	}
	b, err := bytesOf(o)
	return &Object{o.Hash(), o.Type(), b}, err
}

// errFixed means that an object cannot be written to.
var errFixed = errors.New("the object does not change")

// The methods of plumbing.EncodedObject.

// Hash returns the name of the object.
func (o *Object) Hash() plumbing.Hash { return o.hash }

// Type returns what it is.
func (o *Object) Type() plumbing.ObjectType { return o.kind }

// SetType makes it another object than its name says.
func (o *Object) SetType(kind plumbing.ObjectType) { o.kind = kind }

// Size returns the length of the content.
func (o *Object) Size() int64 { return int64(len(o.data)) }

// SetSize does nothing.
func (o *Object) SetSize(int64) {}

// Reader returns the content.
func (o *Object) Reader() (io.ReadCloser, error) { return content{bytes.NewReader(o.data)}, nil }

// Writer returns an error.
func (o *Object) Writer() (io.WriteCloser, error) { return nil, errFixed }

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

// Bytes returns the content of an object of a type, which the caller must not change, or ErrMissing.
func Bytes(s Source, t plumbing.ObjectType, h plumbing.Hash) ([]byte, error) {
	o, err := Get(s, t, h)
	if err != nil {
		return nil, err
	}
	return bytesOf(o)
}

func bytesOf(o plumbing.EncodedObject) ([]byte, error) {
	if o, ok := o.(*Object); ok {
		return o.data, nil
	}
	r, err := o.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, o.Size())
	_, err = io.ReadFull(r, b)
	return b, err
}
