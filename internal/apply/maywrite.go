// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"syncer.dev/syncer/internal/apply/informers"
	"syncer.dev/syncer/internal/apply/secrets"
	"syncer.dev/syncer/internal/cluster"
)

// RefusedError is the error for an object of a kind, or in a namespace, that the configuration does not allow. It
// concerns that object only.
type RefusedError struct {
	Ref    cluster.Ref
	Reason string
}

// Error returns the object and the reason.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("syncer must not write %s: %s", e.Ref, e.Reason)
}

// mayWrite decides whether syncer may write an object. Every request that writes calls it right before with the object
// to send, dry runs included, so that no earlier step of reading, rendering or patching can bypass it.
func mayWrite(o Options, u *unstructured.Unstructured) error {
	ref := cluster.RefOf(u)
	if err := mayWriteAt(o, ref); err != nil {
		return err
	}
	if why := secrets.Refusal(u); why != "" && secrets.Is(u) {
		return &RefusedError{Ref: ref, Reason: why}
	}
	return nil
}

// mayWriteAt is mayWrite for what an object is called.
func mayWriteAt(o Options, ref cluster.Ref) error {
	refuse := func(format string, args ...any) error {
		return &RefusedError{Ref: ref, Reason: fmt.Sprintf(format, args...)}
	}
	kind := schema.GroupKind{Group: ref.Group, Kind: ref.Kind}
	switch {
	case kind == informers.NodePool && o.Karpenter:
		if ref.Namespace != "" {
			return refuse("a NodePool has no namespace")
		}
		return nil
	case !permittedKind(o, kind):
		return refuse("kind %s is not allowed (configuration: objects)", kind)
	case ref.Namespace == "":
		return refuse("it has no namespace")
	case !slices.Contains(o.Namespaces, ref.Namespace):
		return refuse(
			"namespace %q is not allowed; allowed: %s (configuration: namespaces)",
			ref.Namespace,
			strings.Join(o.Namespaces, ", "),
		)
	}
	return nil
}

// permittedKind reports whether a kind is one that is rendered, or that the configuration names.
func permittedKind(o Options, kind schema.GroupKind) bool {
	if cluster.Rendered(kind.Group, kind.Kind) {
		return true
	}
	return slices.ContainsFunc(o.Kinds, func(name string) bool {
		k, group, _ := strings.Cut(name, ".")
		return kind == schema.GroupKind{Group: group, Kind: k}
	})
}
