// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// sweep deletes all namespaced objects with the labels, and returns how many there were. Objects that have an owner go
// with it.
func sweep(ctx context.Context, cfg *rest.Config, labels string) (int, error) {
	found, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		return 0, err
	}
	client, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return 0, err
	}
	lists, err := found.ServerPreferredNamespacedResources()
	if len(lists) == 0 && err != nil { // else an API of an extension does not answer
		return 0, fmt.Errorf("list resources: %w", err)
	}
	count := 0
	var errs []error
	for _, l := range lists {
		group, err := schema.ParseGroupVersion(l.GroupVersion)
		if err != nil {
			return count, err
		}
		for _, r := range l.APIResources {
			if !slices.Contains(r.Verbs, "list") || !slices.Contains(r.Verbs, "delete") {
				continue
			}
			n, err := sweepKind(ctx, client.Resource(group.WithResource(r.Name)), labels)
			count += n
			if err != nil {
				errs = append(errs, fmt.Errorf("delete %s: %w", r.Name, err))
			}
		}
	}
	return count, errors.Join(errs...)
}

// sweepKind is sweep for one kind.
func sweepKind(ctx context.Context, kind dynamic.NamespaceableResourceInterface, labels string) (int, error) {
	list, err := kind.List(ctx, metav1.ListOptions{LabelSelector: labels})
	if err != nil {
		return 0, err
	}
	background := metav1.DeletePropagationBackground
	count := 0
	for _, o := range list.Items {
		if len(o.GetOwnerReferences()) > 0 || o.GetDeletionTimestamp() != nil {
			continue
		}
		uid := o.GetUID()
		err := kind.Namespace(o.GetNamespace()).Delete(ctx, o.GetName(), metav1.DeleteOptions{
			PropagationPolicy: &background,
			Preconditions:     &metav1.Preconditions{UID: &uid},
		})
		if err != nil && !apierrors.IsNotFound(err) {
			return count, err
		}
		count++
	}
	return count, nil
}
