// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"syncer.dev/syncer/internal/apply/drift"
	"syncer.dev/syncer/internal/apply/mirror"
	"syncer.dev/syncer/internal/cluster"
)

// states makes random desired objects of one name, with the cases in which a live object differs from what was sent:
// defaults, quantities in other words, lists with keys of which one is a default, sets, atomic fields, empty fields.
type states struct {
	t    *testing.T
	ns   string
	name string
	seed uint64
	rng  *rand.Rand
}

func (w *states) one(options ...string) string { return options[w.rng.IntN(len(options))] }

// next returns a desired object of a kind.
func (w *states) next(kind string) *unstructured.Unstructured {
	meta := "metadata:\n  name: " + w.name + "\n" +
		w.one("", "  finalizers: [example.com/a]\n", "  finalizers: [example.com/a, example.com/b]\n") +
		w.one("", "  annotations: {a: b}\n", "  annotations: {a: c, d: e}\n", "  annotations: {}\n")
	switch kind {
	case "ConfigMap":
		return object(w.t, w.ns, "apiVersion: v1\nkind: ConfigMap\n"+meta+
			w.one("", "data: {a: '1'}\n", "data: {a: '2', b: '1'}\n", "data: {}\n")+w.one("", "", "immutable: false\n"))
	case "Service":
		return object(w.t, w.ns, "apiVersion: v1\nkind: Service\n"+meta+"spec:\n"+
			w.one("", "  type: ClusterIP\n", "  type: NodePort\n")+
			w.one("  selector: {a: b}\n", "  selector: {a: b, c: d}\n", "")+
			"  ports:\n  - {name: http, port: 80"+w.one("", ", protocol: TCP")+
			w.one("", ", targetPort: 5000", ", targetPort: http")+"}\n"+
			w.one("", "  - {name: udp, port: 80, protocol: UDP}\n", "  - {name: more, port: 81}\n"))
	}
	return object(w.t, w.ns, "apiVersion: apps/v1\nkind: StatefulSet\n"+meta+"spec:\n"+
		w.one("", "  replicas: 1\n", "  replicas: 2\n")+
		"  serviceName: phi\n  selector: {matchLabels: {a: phi}}\n  template:\n"+
		w.one("    metadata: {labels: {a: phi}}\n", "    metadata: {labels: {a: phi, b: c}}\n",
			"    metadata: {labels: {a: phi}, creationTimestamp: null}\n")+"    spec:\n"+
		w.one("", "      tolerations: [{key: a, operator: Exists}]\n", "      tolerations: [{key: a}, {key: b}]\n")+
		w.one("", "      nodeSelector: {a: b}\n", "      affinity: {}\n")+
		w.one("", "      volumes: [{name: v, emptyDir: {}}]\n",
			"      volumes: [{name: v, emptyDir: {medium: Memory}}, {name: u, emptyDir: {}}]\n")+
		w.one("", "      imagePullSecrets: [{name: a}]\n", "      imagePullSecrets: [{name: a}, {name: b}]\n")+
		w.one("", "      initContainers: [{name: i, image: 'example.com/i:1'}]\n")+
		"      containers:\n      - name: a\n        image: example.com/a:"+w.one("1", "2")+"\n"+
		w.one("", "        args: [x, z]\n", "        args: [z, x]\n", "        args: []\n")+
		w.one("", "        env: [{name: A, value: b}]\n", "        env: [{name: C, value: d}, {name: A, value: c}]\n",
			"        env: [{name: A, value: ''}]\n",
			"        env: [{name: P, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]\n",
			"        env: [{name: P, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: status.podIP}}}]\n")+
		w.one("", "        ports: [{containerPort: 80}]\n", "        ports: [{containerPort: 80, protocol: TCP}]\n",
			"        ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}]\n")+
		w.one("", "        resources: {requests: {memory: 1024Mi, cpu: 1}}\n",
			"        resources: {requests: {memory: 1Gi, cpu: '1'}}\n",
			"        resources: {requests: {cpu: 1000m}}\n")+
		w.one("", "      - {name: b, image: 'example.com/b:1'}\n"))
}

// edited returns a live object as another client may leave it: with some value changed, removed or added, and lists in
// another order.
func (w *states) edited(live *unstructured.Unstructured) *unstructured.Unstructured {
	u := live.DeepCopy()
	u.SetManagedFields(nil)
	parts := []string{"spec", "data"}
	for _, part := range parts {
		if value, ok := u.Object[part].(map[string]any); ok {
			w.edit(value)
		}
	}
	if w.rng.IntN(4) == 0 {
		labels := u.GetLabels()
		labels[w.one("other", cluster.LabelWorkspace)] = w.one("x", "y")
		u.SetLabels(labels)
	}
	if w.rng.IntN(4) == 0 {
		u.SetFinalizers([]string{w.one("example.com/a", "example.com/c")})
	}
	return u
}

func (w *states) edit(at map[string]any) {
	keys := slices.Sorted(maps.Keys(at))
	w.rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, key := range keys {
		value := at[key]
		switch value := value.(type) {
		case map[string]any:
			if w.rng.IntN(3) > 0 {
				w.edit(value)
				return
			}
		case []any:
			w.editList(at, key, value)
			return
		case string:
			at[key] = w.one("x", "1", value+"x", "2Gi", "UDP", value)
			return
		case int64:
			at[key] = value + int64(w.rng.IntN(3))
			return
		}
		if w.rng.IntN(4) == 0 {
			delete(at, key)
			return
		}
	}
}

func (w *states) editList(at map[string]any, key string, list []any) {
	switch w.rng.IntN(4) {
	case 0:
		at[key] = list[1:]
	case 1:
		w.rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	case 2:
		item := (&unstructured.Unstructured{Object: map[string]any{"item": list[0]}}).DeepCopy().Object["item"]
		if fields, ok := item.(map[string]any); ok && w.rng.IntN(2) == 0 { // otherwise it occurs twice
			fields["name"] = "new"
			if _, ok := fields["port"]; ok {
				fields["port"] = int64(90)
			}
		}
		at[key] = append(list, item)
	case 3:
		if fields, ok := list[w.rng.IntN(len(list))].(map[string]any); ok {
			w.edit(fields)
		}
	}
}

// TestFulfilledMeansAsDesired: syncer never takes for as desired, without asking, what a dry run would change. Random
// clients edit live objects, apply parts of them with and without force, and our field manager applies other desired
// states; after each step, the verdict on some of these is compared with the server's.
func TestFulfilledMeansAsDesired(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	const rounds, steps = 12, 12
	kinds := []string{"StatefulSet", "Service", "ConfigMap"}
	counts := map[string]int{}
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			c, ns := connect(t, shared.kubeconfig)
			w := &states{t: t, ns: ns, seed: seed, rng: rand.New(rand.NewPCG(seed, 0))}
			for round := range rounds { // an edit may leave what no client can apply any more
				w.name = fmt.Sprintf("phi-%d", round)
				first := w.next(kind)
				apply(t, c, cluster.Created, first)
				wanted := []*unstructured.Unstructured{first}
				for range steps {
					what := w.step(c, kind, &wanted)
					for _, o := range append(wanted[max(0, len(wanted)-2):], w.next(kind)) {
						same, fulfilled := w.compared(c, o, what)
						counts[fmt.Sprintf("%s same %t fulfilled %t", kind, same, fulfilled)]++
					}
				}
			}
		})
	}
	t.Log(counts)
	for _, kind := range kinds {
		for _, outcome := range []string{"same true fulfilled true", "same false fulfilled false"} {
			if counts[kind+" "+outcome] == 0 {
				t.Errorf("seed %d: the test has not met %s: %s in %v", seed, kind, outcome, counts)
			}
		}
	}
}

// compared asks the server about a desired object, and the live one, and fails if they contradict each other.
func (w *states) compared(c *Cluster, o *unstructured.Unstructured, after string) (same, fulfilled bool) {
	w.t.Helper()
	for {
		now := live(w.t, c, o)
		intent, known := mirror.Applied(now, mirror.AppliedByUs(now), nil).Fulfils()
		merged, err := c.trial(w.t.Context(), o, now)
		if outdated(err) {
			continue // a controller has written the status
		}
		same, fulfilled = err == nil && !drift.Differs(now, merged, nil), known && intent == mirror.IntentOf(o)
		if fulfilled && !same {
			w.t.Fatalf("seed %d: after %s, a dry run of\n%v\nover\n%v\ngives\n%v, %v", w.seed, after, o.Object, now.Object,
				merged, err)
		}
		return same, fulfilled
	}
}

// step lets a random client change the live object, and returns what it did. A refusal is no step.
func (w *states) step(c *Cluster, kind string, wanted *[]*unstructured.Unstructured) (what string) {
	w.t.Helper()
	ctx, o := w.t.Context(), (*wanted)[0]
	now := live(w.t, c, o)
	var err error
	switch w.rng.IntN(5) {
	case 0:
		what = "an edit"
		err = c.client.Update(ctx, w.edited(now), client.FieldOwner("kubectl-edit"))
	case 1:
		theirs := w.next(kind)
		what = fmt.Sprint("another applies ", theirs.Object)
		options := []client.ApplyOption{client.FieldOwner("other")}
		if w.rng.IntN(2) == 0 {
			options = append(options, client.ForceOwnership)
		}
		err = c.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(theirs), options...)
	default:
		next := w.next(kind)
		if w.rng.IntN(2) == 0 {
			next = (*wanted)[len(*wanted)-1]
		}
		what = fmt.Sprint("syncer applies ", next.Object)
		_, _, err = c.sendReal(ctx, next, now, nil)
		*wanted = append(*wanted, next)
	}
	if err != nil && !apierrors.IsInvalid(err) && !apierrors.IsConflict(err) && !apierrors.IsBadRequest(err) {
		w.t.Logf("%s: %v", what, err)
	}
	return what
}

// TestRenderedObjectsAreFulfilled: the server stores what syncer renders as it was sent, so that a restart needs no dry
// run of it.
func TestRenderedObjectsAreFulfilled(t *testing.T) {
	files, err := filepath.Glob("../render/testdata/golden/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatal(files, err)
	}
	c, ns := connect(t, shared.kubeconfig)
	seen := map[string]int{}
	for n, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, one := range strings.Split(strings.TrimPrefix(string(text), "---\n"), "\n---\n") {
			o := object(t, ns, one)
			if o.SetName(fmt.Sprintf("w%d-%d", n, i)); mayWrite(c.options, o) != nil {
				continue // of a kind that this cluster does not permit
			}
			if _, _, err := c.sendReal(t.Context(), o, nil, nil); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			now := live(t, c, o)
			intent, known := mirror.Applied(now, mirror.AppliedByUs(now), nil).Fulfils()
			if !known || intent != mirror.IntentOf(o) {
				t.Errorf("%s: %s is not what was sent", file, o.GetKind())
			}
			seen[o.GetKind()]++
		}
	}
	if seen["StatefulSet"] < 10 || seen["Service"] < 10 || seen["Job"] == 0 || seen["ConfigMap"] == 0 {
		t.Error(seen)
	}
}
