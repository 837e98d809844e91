// SPDX-License-Identifier: Apache-2.0

package occurrence

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// Emitter creates Events.
type Emitter struct{ Config *rest.Config }

// events is the resource of Events.
var events = schema.GroupVersionResource{Group: "events.k8s.io", Version: "v1", Resource: "events"}

// Emit creates an Event.
func (e Emitter) Emit(ctx context.Context, event *unstructured.Unstructured) error {
	client, err := dynamic.NewForConfig(e.Config)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	options := metav1.CreateOptions{FieldManager: Controller}
	if _, err = client.Resource(events).Namespace(event.GetNamespace()).Create(ctx, event, options); err != nil {
		return fmt.Errorf("create an Event in %s: %w", event.GetNamespace(), err)
	}
	return nil
}
