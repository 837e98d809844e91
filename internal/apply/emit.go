// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"syncer.dev/syncer/internal/apply/occurrence"
)

// events is the resource of Events.
var events = schema.GroupVersionResource{Group: "events.k8s.io", Version: "v1", Resource: "events"}

// Emit creates an Event of Kubernetes, by syncer's own identity: an Event is no object of a team.
func (c *Cluster) Emit(ctx context.Context, event *unstructured.Unstructured) error {
	client, err := dynamic.NewForConfig(c.unfenced)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	_, err = client.Resource(events).Namespace(event.GetNamespace()).Create(ctx, event, metav1.CreateOptions{FieldManager: occurrence.Controller})
	if err != nil {
		return fmt.Errorf("create an Event in %s: %w", event.GetNamespace(), err)
	}
	return nil
}
