// SPDX-License-Identifier: Apache-2.0

package local

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"

	"github.com/go-git/go-git/v5/plumbing"

	"syncer.dev/syncer/internal/git/limits"
	"syncer.dev/syncer/internal/git/objects"
)

// A Reader reads objects that have files of their own, within limits. It is an objects.Source for one goroutine.
type Reader struct {
	// File is how large a file of the repository may be; a larger one is left out, as a server does. 0 means any. Where
	// files are left out, an object without a file of its own ends the reading: nothing tells it from one of these.
	File int64

	files *Files
	more  int   // objects that may be read
	left  int64 // bytes of objects that may be read
	disk  int64 // bytes of files
	read  objects.Set
	err   error
}

// maxObjects is how many objects are read one by one: git sends more of them in less time. It is ours. A push of more
// than a hundred is kept in a pack, but there may have been many since the last look.
const maxObjects = 5000

// Reader returns a Reader within the limits on packs.
func (f *Files) Reader(most limits.Limits) *Reader {
	return &Reader{files: f, more: maxObjects, left: most.Inflated(), disk: most.PackBytes, read: objects.Set{}}
}

// Err returns why an object could not be read that is there, or may be, or nil.
func (r *Reader) Err() error { return r.err }

// Object implements objects.Source. What has no file of its own, or none that is sound, is not there.
func (r *Reader) Object(h plumbing.Hash) (plumbing.EncodedObject, bool) {
	if o, ok := r.read[h]; ok {
		return o, true
	}
	if r.err != nil {
		return nil, false
	}
	o, err := r.object(h)
	switch {
	case errors.Is(err, errLeftOut), r.File == 0 && errors.Is(err, fs.ErrNotExist):
		return nil, false
	case err != nil:
		r.err = err
		return nil, false
	}
	r.read.Add(o)
	return o, true
}

var (
	errLeftOut = errors.New("larger than it may be")
	errTooMuch = errors.New("more than may be read")
	errLoose   = fmt.Errorf("object: %w", objects.ErrDamaged)
)

// maxHeader is more than any object begins with: its type and size.
const maxHeader = 32

// object reads the file of an object, and checks its name.
func (r *Reader) object(h plumbing.Hash) (*objects.Object, error) {
	name := h.String()
	file, onDisk, err := r.files.open("objects/" + name[:2] + "/" + name[2:])
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if r.more--; r.more < 0 {
		return nil, errTooMuch
	}
	if r.disk -= onDisk; r.disk < 0 {
		return nil, errTooMuch
	}
	z, err := zlib.NewReader(bufio.NewReaderSize(file, int(min(max(onDisk, 512), 64<<10))))
	if err != nil {
		return nil, err
	}
	head := bufio.NewReaderSize(z, maxHeader)
	kind, size, err := readKind(head)
	if err != nil {
		return nil, err
	}
	if kind == plumbing.BlobObject && r.File > 0 && size > r.File {
		return nil, errLeftOut
	}
	if size > r.left {
		return nil, errTooMuch
	}
	r.left -= size
	var content bytes.Buffer
	content.Grow(int(min(size, 1<<20)) + bytes.MinRead) // the header may lie: more comes as it is read
	if n, err := content.ReadFrom(io.LimitReader(head, size+1)); err != nil || n != size {
		return nil, errors.Join(errLoose, err)
	}
	o := objects.New(kind, bytes.Clone(content.Bytes()))
	if o.Hash() != h {
		return nil, errLoose
	}
	return o, nil
}

// readKind reads what an object begins with, "blob 12" and a NUL.
func readKind(r *bufio.Reader) (plumbing.ObjectType, int64, error) {
	head, err := r.ReadSlice(0)
	if err != nil {
		return 0, 0, errLoose
	}
	word, number, _ := bytes.Cut(head[:len(head)-1], []byte(" "))
	size, err := strconv.ParseInt(string(number), 10, 64)
	kind, kindErr := plumbing.ParseObjectType(string(word))
	if err != nil || kindErr != nil || size < 0 || kind.IsDelta() {
		return 0, 0, errLoose
	}
	return kind, size, nil
}
