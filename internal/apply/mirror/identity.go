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
	if id, err := hex.DecodeString(hexOf(uid)); err == nil {
		copy(i.id[:], id)
	}
	if number, err := strconv.ParseUint(version, 10, 64); err == nil {
		i.version = number
	}
	if i.UID() != uid {
		odd.uid = uid
	}
	if i.resourceVersion() != version {
		odd.version = version
	}
	if odd != (oddIdentity{}) {
		i.odd = &odd
	}
	return i
}

// hexOf returns the digits of a UID in its usual form: 7c9e6679-7425-40de-944b-e07fc1f90ae7.
func hexOf(uid string) string {
	if len(uid) != 36 {
		return ""
	}
	return uid[:8] + uid[9:13] + uid[14:18] + uid[19:23] + uid[24:]
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
func (i *Identity) GetObjectMeta() metav1.Object {
	return &metav1.ObjectMeta{
		Name: i.name, Namespace: i.namespace, UID: types.UID(i.UID()), ResourceVersion: i.resourceVersion(),
	}
}
