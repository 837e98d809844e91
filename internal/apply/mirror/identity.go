// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"encoding/hex"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// Identity is which object one is, and in which version. UIDs and versions of the API server take a quarter of the
// space of their texts.
type Identity struct {
	namespace string
	name      string
	id        [16]byte // metadata.uid, if it is one of the usual form
	version   uint64   // metadata.resourceVersion, if it is a number
	odd       *oddIdentity
}

// oddIdentity has the texts of another form, and "" for those that have not.
type oddIdentity struct{ uid, version string }

// IdentityOf returns that of a live object.
func IdentityOf(u *unstructured.Unstructured) Identity {
	i := Identity{namespace: Once(u.GetNamespace()), name: u.GetName()}
	uid, version := string(u.GetUID()), u.GetResourceVersion()
	var odd oddIdentity
	if !i.takeUID(uid) {
		odd.uid = uid
	}
	if number, err := strconv.ParseUint(version, 10, 64); err == nil && version[0] != '0' {
		i.version = number
	} else {
		odd.version = version
	}
	if odd != (oddIdentity{}) {
		i.odd = &odd
	}
	return i
}

// takeUID takes a UID in its usual form, which is 7c9e6679-7425-40de-944b-e07fc1f90ae7, or none.
func (i *Identity) takeUID(uid string) bool {
	if uid == "" {
		return true
	}
	if len(uid) != 36 {
		return false
	}
	n := 0 // digits
	for at := range len(uid) {
		c := uid[at]
		switch {
		case at == 8 || at == 13 || at == 18 || at == 23:
			if c != '-' {
				i.id = [16]byte{}
				return false
			}
			continue
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		default:
			i.id = [16]byte{}
			return false
		}
		i.id[n/2] = i.id[n/2]<<4 | c
		n++
	}
	return i.id != [16]byte{}
}

// Namespace returns metadata.namespace.
func (i *Identity) Namespace() string { return i.namespace }

// Name returns metadata.name.
func (i *Identity) Name() string { return i.name }

// UID returns metadata.uid.
func (i *Identity) UID() string {
	if i.odd != nil && i.odd.uid != "" {
		return i.odd.uid
	}
	if i.id == ([16]byte{}) {
		return ""
	}
	var out [36]byte
	hex.Encode(out[:8], i.id[:4])
	hex.Encode(out[9:13], i.id[4:6])
	hex.Encode(out[14:18], i.id[6:8])
	hex.Encode(out[19:23], i.id[8:10])
	hex.Encode(out[24:], i.id[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

func (i *Identity) resourceVersion() string {
	if i.odd != nil && i.odd.version != "" {
		return i.odd.version
	}
	if i.version == 0 {
		return ""
	}
	return strconv.FormatUint(i.version, 10)
}

// sameUID reports whether two are of one object, as far as its UID tells.
func (i *Identity) sameUID(o *Identity) bool {
	if i.odd != nil || o.odd != nil {
		return i.UID() == o.UID()
	}
	return i.id == o.id
}

// sameVersion reports whether two are of one version.
func (i *Identity) sameVersion(o *Identity) bool {
	if i.odd != nil || o.odd != nil {
		return i.resourceVersion() == o.resourceVersion()
	}
	return i.version == o.version
}

// GetObjectMeta implements metav1.ObjectMetaAccessor, as informers need.
func (i *Identity) GetObjectMeta() metav1.Object { return meta{Object: noMeta, i: i} }

// meta is the metadata that informers look at. They ask for the key of each object several times: a whole ObjectMeta
// would be most of what they allocate.
type meta struct {
	metav1.Object // what is not kept
	i             *Identity
	generation    int64
}

var noMeta = &metav1.ObjectMeta{}

// GetName implements metav1.Object.
func (m meta) GetName() string { return m.i.name }

// GetNamespace implements metav1.Object.
func (m meta) GetNamespace() string { return m.i.namespace }

// GetUID implements metav1.Object.
func (m meta) GetUID() types.UID { return types.UID(m.i.UID()) }

// GetResourceVersion implements metav1.Object.
func (m meta) GetResourceVersion() string { return m.i.resourceVersion() }

// GetGeneration implements metav1.Object.
func (m meta) GetGeneration() int64 { return m.generation }
