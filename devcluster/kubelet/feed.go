// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// annotationFeed marks nodes that come from the feed, and go when they are gone from it.
const annotationFeed = "devcluster.syncer.dev/feed"

// follow makes our nodes those that the feed lists. A feed that cannot be read changes nothing: a cloud that does not
// answer has not lost its machines.
func (k *Kubelet) follow(ctx context.Context) {
	wanted, err := readFeed(ctx, k.options.NodesFrom)
	if err != nil {
		return // read again in half a second
	}
	have, err := k.nodes.List(labels.Everything())
	if err != nil {
		return
	}
	current := map[string]*corev1.Node{}
	for _, n := range have {
		if n.Annotations[annotationFeed] == k.options.Name {
			current[n.Name] = n
		}
	}
	for _, n := range wanted {
		if n.Annotations == nil {
			n.Annotations = map[string]string{}
		}
		n.Annotations[annotationFeed] = k.options.Name
		if live := current[n.Name]; live == nil {
			_ = k.register(ctx, n)
		} else {
			_ = k.adjust(ctx, live, n)
		}
		delete(current, n.Name)
	}
	for name, n := range current {
		err := k.client.CoreV1().
			Nodes().
			Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &n.UID}})
		if err == nil || apierrors.IsNotFound(err) {
			k.queue.Add(work{"node", name})
		}
	}
}

// adjust brings labels and taints of a live node in line with the feed. Taints that Kubernetes itself sets stay.
func (k *Kubelet) adjust(ctx context.Context, live, want *corev1.Node) error {
	next := live.DeepCopy()
	maps.Copy(next.Labels, want.Labels)
	next.Spec.Taints = slices.DeleteFunc(
		next.Spec.Taints,
		func(t corev1.Taint) bool { return t.TimeAdded == nil && !builtinTaint(t) },
	)
	next.Spec.Taints = append(next.Spec.Taints, want.Spec.Taints...)
	if maps.Equal(next.Labels, live.Labels) && sameTaints(next.Spec.Taints, live.Spec.Taints) {
		return nil
	}
	_, err := k.client.CoreV1().Nodes().Update(ctx, next, metav1.UpdateOptions{})
	return err
}

func builtinTaint(t corev1.Taint) bool {
	switch t.Key {
	case corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable, corev1.TaintNodeUnschedulable:
		return true
	}
	return false
}

func sameTaints(a, b []corev1.Taint) bool {
	key := func(t corev1.Taint) string { return fmt.Sprintf("%s=%s:%s", t.Key, t.Value, t.Effect) }
	has := map[string]bool{}
	for _, t := range a {
		has[key(t)] = true
	}
	for _, t := range b {
		if !has[key(t)] {
			return false
		}
	}
	return len(a) == len(b)
}

// readFeed gets the nodes that exist now, as partial Node objects.
func readFeed(ctx context.Context, url string) ([]*corev1.Node, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read %s: %s", url, resp.Status)
	}
	var feed struct {
		Nodes []*corev1.Node `json:"nodes"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 16<<20)).Decode(&feed); err != nil {
		return nil, fmt.Errorf("read %s: %w", url, err)
	}
	return feed.Nodes, nil
}
