// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
)

// mayTouch returns why a live object must be left alone, or nil.
func (c *Cluster) mayTouch(live *unstructured.Unstructured) error {
	l := live.GetLabels()
	managed, name := l[cluster.LabelManagedBy] == cluster.ManagedBy, l[cluster.LabelCluster]
	switch {
	case live.GetDeletionTimestamp() != nil:
		return errors.New("it is being deleted")
	case live.GetAnnotations()[wellknown.AnnotationAdopt] == "true":
		return nil
	case managed && name == c.options.Cluster && mirror.AppliedByUs(live):
		return nil
	case managed && name != "" && name != c.options.Cluster:
		return fmt.Errorf("it belongs to another syncer (label %s: %s)", cluster.LabelCluster, name)
	}
	owner := "another client"
	for _, f := range live.GetManagedFields() {
		if f.Manager != cluster.FieldManager && f.Subresource == "" { // our own is left when our labels were taken off
			owner = f.Manager
			break
		}
	}
	where := ""
	if live.GetNamespace() != "" {
		where = "-n " + live.GetNamespace() + " "
	}
	return fmt.Errorf(
		"it exists already and belongs to %s; rename the Workspace, delete the object, or hand it over with: "+
			"kubectl annotate %s %s%s %s=true",
		owner,
		strings.ToLower(live.GetKind()),
		where,
		live.GetName(),
		wellknown.AnnotationAdopt,
	)
}
