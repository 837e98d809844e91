// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/wellknown"
)

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	u := &unstructured.Unstructured{}
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := u.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return u.Object
}

func TestReachable(t *testing.T) {
	c := &Cluster{config: &rest.Config{Host: "https://example.com"}}
	gr := schema.GroupResource{Resource: "jobs"}
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"refused", apierrors.NewForbidden(gr, "w", errors.New("no")), true},
		{"conflict", apierrors.NewConflict(gr, "w", errors.New("no")), true},
		{"internal error", apierrors.NewInternalError(errors.New("webhook")), true},
		{
			"status without a reason",
			&apierrors.StatusError{ErrStatus: metav1.Status{Code: 500, Message: "field not declared in schema"}},
			true,
		},
		{"kind that is not served", errors.New("no matches for kind"), true},
		{"busy", apierrors.NewTooManyRequests("later", 1), false},
		{"not ready", apierrors.NewServiceUnavailable("later"), false},
		{"timeout", apierrors.NewServerTimeout(gr, "patch", 1), false},
		{"credentials", apierrors.NewUnauthorized("expired"), false},
		{"deadline", fmt.Errorf("get: %w", context.DeadlineExceeded), false},
		{"canceled", fmt.Errorf("get: %w", context.Canceled), false},
		{
			"cut while the answer was read",
			fmt.Errorf("unexpected error when reading response body: %w", io.ErrUnexpectedEOF),
			false,
		},
		{"cut before the answer", fmt.Errorf("get: %w", io.EOF), false},
	} {
		if got := c.reachable(tt.err) == nil; got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// managed returns a live object with labels, and managed fields as a server writes them.
func managed(labels map[string]string, fields ...metav1.ManagedFieldsEntry) *unstructured.Unstructured {
	u := &unstructured.Unstructured{
		Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"a": "b"}},
	}
	u.SetName("x")
	u.SetNamespace("n")
	u.SetLabels(labels)
	u.SetManagedFields(fields)
	return u
}

func entry(manager string, operation metav1.ManagedFieldsOperationType, raw string) metav1.ManagedFieldsEntry {
	return metav1.ManagedFieldsEntry{
		Manager:    manager,
		Operation:  operation,
		APIVersion: "v1",
		FieldsType: "FieldsV1",
		FieldsV1:   &metav1.FieldsV1{Raw: []byte(raw)},
	}
}

const labelFields = `{"f:metadata":{"f:labels":{"f:syncer.dev/cluster":{}}}}`

var ourLabels = map[string]string{cluster.LabelManagedBy: cluster.ManagedBy, cluster.LabelCluster: owner}

func TestMayTouch(t *testing.T) {
	ours := entry(cluster.FieldManager, metav1.ManagedFieldsOperationApply, labelFields)
	theirs := entry("helm", metav1.ManagedFieldsOperationUpdate, labelFields)
	other := map[string]string{cluster.LabelManagedBy: cluster.ManagedBy, cluster.LabelCluster: "other"}
	adopted := func(u *unstructured.Unstructured) *unstructured.Unstructured {
		u.SetAnnotations(map[string]string{wellknown.AnnotationAdopt: "true"})
		return u
	}
	deleting := managed(ourLabels, ours)
	now := metav1.Now()
	deleting.SetDeletionTimestamp(&now)
	c := &Cluster{options: Options{Cluster: owner}}
	for _, tt := range []struct {
		name string
		live *unstructured.Unstructured
		want []string // of the error; none when it may
	}{
		{"ours", managed(ourLabels, ours), nil},
		{
			"ours, edited",
			managed(ourLabels, entry("kubectl-edit", metav1.ManagedFieldsOperationUpdate, `{"f:data":{}}`), ours),
			nil,
		},
		{"ours, going", deleting, []string{"being deleted"}},
		{"another syncer's", managed(other, ours), []string{"another syncer", "other"}},
		{"foreign", managed(nil, theirs), []string{"helm", "kubectl annotate configmap -n n x syncer.dev/adopt=true"}},
		{"no manager", managed(nil), []string{"another client", "kubectl annotate"}},
		{"labels copied", managed(ourLabels, theirs), []string{"helm", "kubectl annotate"}},
		{
			"labels taken off",
			managed(nil, entry(cluster.FieldManager, metav1.ManagedFieldsOperationApply, `{"f:data":{}}`)),
			[]string{"another client", "kubectl annotate"},
		},
		{"handed over", adopted(managed(nil, theirs)), nil},
		{"handed over by another syncer", adopted(managed(other, ours)), nil},
		{"copied and handed over", adopted(managed(ourLabels, theirs)), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := c.mayTouch(tt.live)
			if (err != nil) != (tt.want != nil) {
				t.Fatalf("%v", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v\ndoes not say %q", err, w)
				}
			}
		})
	}
}
