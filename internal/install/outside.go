// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// ImageOf returns the image that is asked for, or that of a release. The build is what syncer calls its version.
func ImageOf(asked, build string) (string, error) {
	if asked != "" {
		return asked, nil
	}
	if !strings.HasPrefix(build, "v") {
		return "", fmt.Errorf("this build (%s) is no release, so that it has no image: name one with --image", build)
	}
	return Repository + ":" + build, nil
}

const stays = `These stay:
- the objects of Workspaces in the namespaces %s, which go on serving,
- the GPU pools that syncer has created, which go on costing,
%s- the branch %s.
To remove models and pools first, push a commit without Workspaces and with the trailer "Syncer-Allow-Empty: true", and
wait until "syncer status" shows none.
`

// Stays says what stays when the objects of an installation are deleted.
func Stays(o Options) string {
	o, own := o.complete(), ""
	if !o.ownsNamespace() {
		own = fmt.Sprintf("- the namespace %s, with the Secret %s, since others may use it,\n", o.Namespace, Credentials)
	}
	return fmt.Sprintf(stays, strings.Join(o.Settings.Namespaces, ", "), own, o.Settings.Status.Branch)
}

// Removed returns what an uninstallation deletes of the objects of an installation, in its order. The namespace goes
// only if it is certain to be syncer's: with a namespace goes everything in it.
func Removed(o Options, objects []runtime.Object) []runtime.Object {
	out := slices.Clone(objects)
	slices.Reverse(out)
	if o.complete().ownsNamespace() {
		return out
	}
	return slices.DeleteFunc(out, func(object runtime.Object) bool { _, is := object.(*corev1.Namespace); return is })
}

// ownsNamespace reports whether the namespace has the name that only syncer gives, and no Workspaces.
func (o Options) ownsNamespace() bool {
	return o.Namespace == Name && !slices.Contains(o.Settings.Namespaces, o.Namespace)
}
