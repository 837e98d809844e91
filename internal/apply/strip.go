// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/cache"
)

// stripFor is strip, which also keeps what the field managers of Options.Ignore have set.
func stripFor(o Options) cache.TransformFunc {
	if len(o.Ignore.Managers) == 0 {
		return strip
	}
	return func(object any) (any, error) {
		u, ok := object.(*unstructured.Unstructured)
		if !ok {
			return object, nil
		}
		others := slices.DeleteFunc(slices.Clone(u.GetManagedFields()), func(e metav1.ManagedFieldsEntry) bool {
			return e.Manager == fieldManager || !slices.Contains(o.Ignore.Managers, e.Manager)
		})
		if _, err := strip(u); err != nil {
			return nil, err
		}
		if len(others) > 0 {
			u.SetManagedFields(append(u.GetManagedFields(), others...))
		}
		return u, nil
	}
}
