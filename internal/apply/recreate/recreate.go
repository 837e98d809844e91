// SPDX-License-Identifier: Apache-2.0

// Package recreate decides whether an object may be deleted and created again, because the API server refuses to change
// a field of it. Pure.
//
// Deleting is the exception: the list names the fields of each kind, and every complaint of the API server must be
// about one of them. So a typo beside such a change never deletes an object. A volume claim holds data, and a
// StatefulSet or a NodePool serves: they are never on the list, and the error says the cure.
package recreate

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// fields are those that cannot change, of kinds that lose nothing when they are created again. A Job ends with its
// pods: its caller looks at the inputs first.
var fields = map[schema.GroupKind][]string{
	{Group: "batch", Kind: "Job"}: {
		"spec.template", "spec.selector", "spec.completions", "spec.completionMode", "spec.podFailurePolicy",
		"spec.successPolicy", "spec.backoffLimitPerIndex", "spec.managedBy",
	},
	{Kind: "ConfigMap"}: {"data", "binaryData", "immutable"},
	{Kind: "Service"}:   {"spec.clusterIP", "spec.clusterIPs", "spec.clusterIPs[0]", "spec.clusterIPs[1]"},
}

// words are those with which the API server says that a field cannot change.
var words = []string{"field is immutable", "may not change once set", "can not be unset"}

// Refused are the complaints of the API server about an object.
type Refused struct {
	Fixed []string // fields that cannot change, without repetition
	Other bool     // it complains about something else too
}

// Read reads an error of the API server. It is zero for any other error.
func Read(err error) Refused {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Reason != metav1.StatusReasonInvalid ||
		status.Status().Details == nil {
		return Refused{}
	}
	var out Refused
	for _, cause := range status.Status().Details.Causes {
		fixed := slices.ContainsFunc(words, func(w string) bool { return strings.Contains(cause.Message, w) })
		value := cause.Type == metav1.CauseTypeFieldValueInvalid || cause.Type == "FieldValueForbidden"
		switch {
		case !fixed || !value:
			out.Other = true
		case !slices.Contains(out.Fixed, cause.Field):
			out.Fixed = append(out.Fixed, cause.Field)
		}
	}
	return out
}

// May reports whether an object of a kind may be created again: it is refused for fields of the list, and for nothing
// else. The caller makes sure that the API server accepts the new object.
func (r Refused) May(kind schema.GroupKind) bool {
	return len(r.Fixed) > 0 && !r.Other && !slices.ContainsFunc(r.Fixed, func(field string) bool {
		return !slices.Contains(fields[kind], field)
	})
}

// Cure says what helps when a field cannot change and syncer does not create the object again, or "" when no field is
// the reason.
func (r Refused) Cure(kind schema.GroupKind, namespace, name string) string {
	if len(r.Fixed) == 0 {
		return ""
	}
	what := strings.Join(r.Fixed, ", ") + " cannot change in place"
	in := ""
	if namespace != "" {
		in = " -n " + namespace
	}
	object := strings.ToLower(kind.Kind)
	switch {
	case r.Other:
		return what + "; correct the other fields first"
	case kind.Kind == "PersistentVolumeClaim":
		return what + "; syncer never deletes a volume claim to change it, because its data would go with it: " +
			"undo the change, or use a claim of another name"
	case kind.Kind == "StatefulSet":
		return fmt.Sprintf(
			"%s; undo the change, or delete the StatefulSet and keep its pods, and syncer creates it again: "+
				"kubectl delete %s%s %s --cascade=orphan",
			what, object, in, name,
		)
	}
	return fmt.Sprintf("%s; undo the change, or delete the object, and syncer creates it again: kubectl delete %s%s %s",
		what, object, in, name)
}
