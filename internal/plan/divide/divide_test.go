// SPDX-License-Identifier: Apache-2.0

package divide

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/shard"
	"syncer.dev/syncer/internal/workspace"
)

// zero and one are namespaces of the two shards.
const zero, one = "team-a", "team-b"

// change is a change of an object "Kind/name" of a Workspace in a namespace; "" for a plain object.
func change(op plan.Op, namespace, owner, target string, fields ...string) *plan.Change {
	kind, name, _ := strings.Cut(target, "/")
	c := &plan.Change{Op: op, Namespace: namespace, Target: target, Fields: fields}
	if owner != "" {
		c.Workspace = workspace.Key{Namespace: namespace, Name: owner}
	}
	if op == plan.Delete {
		c.Live = &cluster.Object{Ref: cluster.Ref{Kind: kind, Namespace: namespace, Name: name}}
		return c
	}
	c.Object = &unstructured.Unstructured{Object: map[string]any{"kind": kind}}
	return c
}

// nodePool is a change of a NodePool, which has no namespace.
func nodePool(namespace, owner string) *plan.Change {
	c := change(plan.Create, "", "", "NodePool/"+owner)
	c.Workspace = workspace.Key{Namespace: namespace, Name: owner}
	return c
}

// carried lists who carries out each change: the holder of shard 0, of shard 1, or "-" for none now. A star marks
// what is the fleet's.
func carried(t *testing.T, limited bool, changes ...*plan.Change) []string {
	t.Helper()
	p := &plan.Plan{Changes: changes}
	parts := []Division{Of(shard.NewShare(2, 0), p, limited), Of(shard.NewShare(2, 1), p, limited)}
	whole := Of(shard.Share{}, p, limited)
	var out []string
	for i := range changes {
		c := changes[i]
		does := (*Division).Applies
		if c.Op == plan.Delete {
			does = (*Division).Prunes
		}
		if !does(&whole, c) || whole.AsFleet(c) {
			t.Errorf("one process leaves %s", c.Target)
		}
		who := "-"
		for n := range parts {
			if !does(&parts[n], c) {
				continue
			}
			if who != "-" {
				t.Errorf("%s in %s has two writers", c.Target, c.Namespace)
			}
			if who = fmt.Sprint(n); parts[n].AsFleet(c) {
				who += "*"
			}
		}
		out = append(out, who)
	}
	return out
}

func TestOf(t *testing.T) {
	const template = "spec.template.spec.containers"
	for name, tt := range map[string]struct {
		changes []*plan.Change
		want    string
		off     string // without a bound on restarts; "" for the same
	}{
		"namespaces": {
			changes: []*plan.Change{
				change(plan.Create, zero, "a", "Service/a"), change(plan.Create, one, "a", "Service/a"),
				change(plan.Create, one, "", "ConfigMap/a"), change(plan.Delete, zero, "b", "Service/b"),
				change(plan.Delete, one, "b", "Service/b"),
			},
			want: "0 1 1 0 1",
		},
		"a new server": {
			changes: []*plan.Change{change(plan.Create, one, "a", "StatefulSet/a"), change(plan.Create, one, "a", "Service/a")},
			want:    "1 1",
		},
		"a server that restarts, with all that belongs to it": {
			changes: []*plan.Change{
				change(plan.Update, one, "a", "StatefulSet/a", "metadata.labels", template),
				change(plan.Create, one, "a", "ConfigMap/a"),
				change(plan.Update, one, "b", "StatefulSet/b", "metadata.labels"),
				change(plan.Update, zero, "c", "StatefulSet/c", template),
			},
			want: "0* 0* 1 0*",
			off:  "1 1 1 0",
		},
		"a server that is recreated": {
			changes: []*plan.Change{change(plan.Replace, one, "a", "StatefulSet/a")},
			want:    "0*",
			off:     "1",
		},
		"a job has no requests to lose": {
			changes: []*plan.Change{change(plan.Replace, one, "a", "Job/a"), change(plan.Update, one, "b", "Job/b", template)},
			want:    "1 1",
		},
		"what waits restarts nothing": {
			changes: []*plan.Change{
				change(plan.Hold, one, "a", "StatefulSet/a", template), change(plan.Update, one, "a", "Service/a"),
			},
			want: "1 1",
		},
		"a restart comes after the plain objects of its namespace": {
			changes: []*plan.Change{
				change(plan.Update, one, "a", "StatefulSet/a", template), change(plan.Update, one, "", "ConfigMap/settings"),
				change(plan.Update, zero, "b", "StatefulSet/b", template), change(plan.Update, zero, "", "ConfigMap/settings"),
			},
			want: "- 1 0* 0",
			off:  "1 1 0 0",
		},
		"a NodePool comes after the objects of its Workspace": {
			changes: []*plan.Change{
				nodePool(one, "a"), change(plan.Create, one, "a", "StatefulSet/a"),
				nodePool(zero, "b"), change(plan.Create, zero, "b", "StatefulSet/b"),
				nodePool(one, "c"),
			},
			want: "- 1 0 0 0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, limited := range []bool{true, false} {
				want := tt.want
				if !limited && tt.off != "" {
					want = tt.off
				}
				got := strings.Join(carried(t, limited, tt.changes...), " ")
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("limited %t: %s", limited, d)
				}
			}
		})
	}
}

// TestPending: nodes wait for what another process has to apply, and for nothing else.
func TestPending(t *testing.T) {
	p := &plan.Plan{Changes: []*plan.Change{
		change(plan.Create, one, "a", "StatefulSet/a"), change(plan.Create, zero, "b", "StatefulSet/b"),
		change(plan.Hold, one, "c", "StatefulSet/c"), change(plan.Update, one, "d", "StatefulSet/d", "spec.template"),
		change(plan.Delete, one, "e", "StatefulSet/e"),
	}}
	d := Of(shard.NewShare(2, 0), p, true)
	want := map[workspace.Key]bool{{Namespace: one, Name: "a"}: true}
	if diff := cmp.Diff(want, d.Pending); diff != "" {
		t.Error(diff)
	}
	if whole := Of(shard.Share{}, p, true); len(whole.Pending) > 0 {
		t.Errorf("one process waits for %v", whole.Pending)
	}
}
