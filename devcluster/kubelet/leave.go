// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"
)

// Leave deletes the nodes that the kubelet of this name has registered, with their pods, and returns how many nodes
// there were. Run must have ended.
func Leave(ctx context.Context, client kubernetes.Interface, name string) (int, error) {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, fmt.Errorf("list nodes: %w", err)
	}
	count := 0
	var errs []error
	for _, n := range nodes.Items {
		if n.Annotations[AnnotationKubelet] != name {
			continue
		}
		if err := leaveNode(ctx, client, &n); err != nil {
			errs = append(errs, fmt.Errorf("remove node %s: %w", n.Name, err))
			continue
		}
		count++
	}
	return count, errors.Join(errs...)
}

// leaveNode deletes a node, and then its pods at once: no kubelet would end them.
func leaveNode(ctx context.Context, client kubernetes.Interface, n *corev1.Node) error {
	only := metav1.Preconditions{UID: &n.UID}
	err := client.CoreV1().Nodes().Delete(ctx, n.Name, metav1.DeleteOptions{Preconditions: &only})
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("spec.nodeName", n.Name).String(),
	})
	if err != nil {
		return err
	}
	now := int64(0)
	for _, p := range pods.Items {
		err := client.CoreV1().Pods(p.Namespace).Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}
