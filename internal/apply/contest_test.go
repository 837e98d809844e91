// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"

	"syncer.dev/syncer/internal/apply/contest"
	"syncer.dev/syncer/internal/cluster"
)

const server = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: a}
spec:
  replicas: 1
  serviceName: a
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec: {containers: [{name: model, image: "ok:1"}]}
`

// scaler changes the replicas of the StatefulSet as an autoscaler does.
type scaler struct {
	t  *testing.T
	ns string
}

func (s scaler) set(c *Cluster, o *unstructured.Unstructured, n int32) {
	s.t.Helper()
	sets := shared.kube.AppsV1().StatefulSets(s.ns)
	var written string
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		scale, err := sets.GetScale(s.t.Context(), "a", metav1.GetOptions{})
		if err != nil {
			return err
		}
		scale.Spec.Replicas = n
		if scale, err = sets.UpdateScale(
			s.t.Context(), "a", scale, metav1.UpdateOptions{FieldManager: "autoscaler"},
		); err == nil {
			written = scale.ResourceVersion
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, "the watch sees the change", func() string {
		live := c.live(o)
		if live == nil {
			return "not seen yet"
		}
		seen, err1 := strconv.Atoi(live.GetResourceVersion())
		least, err2 := strconv.Atoi(written)
		if err := errors.Join(err1, err2); err != nil || seen < least { // its controller may have changed the status since
			return fmt.Sprintf("version %d, not %d, %v", seen, least, err)
		}
		return ""
	})
}

func (s scaler) replicas() int32 {
	s.t.Helper()
	set, err := shared.kube.AppsV1().StatefulSets(s.ns).Get(s.t.Context(), "a", metav1.GetOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	return *set.Spec.Replicas
}

// TestContestedField has an autoscaler change the replicas each time that syncer has set them back.
func TestContestedField(t *testing.T) {
	for _, answer := range []contest.Answer{contest.Leave, contest.Overwrite} {
		t.Run(string(answer), func(t *testing.T) {
			c, ns := connect(t, shared.kubeconfig)
			now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			c.contests = contest.New(answer)
			c.contests.Now = func() time.Time { return now }
			o, other := object(t, ns, server), scaler{t, ns}
			apply := func() cluster.Result {
				t.Helper()
				changes, err := c.Apply(t.Context(), []*unstructured.Unstructured{o})
				if err != nil || changes[0].Err != nil {
					t.Fatal(err, changes)
				}
				return changes[0].Result
			}
			apply()
			for range contest.Limit {
				other.set(c, o, 2)
				if got := apply(); got != cluster.Configured || other.replicas() != 1 {
					t.Fatalf("a change by another client is not set back: %s, %d replicas", got, other.replicas())
				}
			}
			other.set(c, o, 3)
			if got := apply(); got != cluster.Unchanged || other.replicas() != 3 {
				t.Errorf("a contested field: %s, %d replicas", got, other.replicas())
			}
			want := []cluster.Contest{{
				Ref: cluster.RefOf(o), Field: "spec.replicas", Manager: "autoscaler", Left: answer == contest.Leave,
			}}
			if d := cmp.Diff(want, c.contests.All()); d != "" {
				t.Errorf("contests (-want +got):\n%s", d)
			}

			now = now.Add(contest.OverwriteInterval)
			replicas, result := int32(3), cluster.Unchanged
			if answer == contest.Overwrite {
				replicas, result = 1, cluster.Configured
			}
			if got := apply(); got != result || other.replicas() != replicas {
				t.Errorf("later: %s, %d replicas, want %s and %d", got, other.replicas(), result, replicas)
			}

			// A new desired state is the user's word: it is applied, and ends the contest.
			o = o.DeepCopy() // a desired object never changes
			if err := unstructured.SetNestedField(o.Object, int64(4), "spec", "replicas"); err != nil {
				t.Fatal(err)
			}
			if answer == contest.Leave {
				if got := apply(); got != cluster.Configured || other.replicas() != 4 {
					t.Errorf("a new desired state: %s, %d replicas", got, other.replicas())
				}
				if left := c.contests.All(); len(left) != 0 {
					t.Errorf("still contested: %v", left)
				}
			}
		})
	}
}
