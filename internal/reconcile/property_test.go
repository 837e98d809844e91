package reconcile

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/status"
)

// The sizes that users name, and that Azure may have none of.
var townSizes = []string{"Standard_NC24ads_A100_v4", "Standard_NV36ads_A10_v5", "Standard_NC40ads_H100_v5", "Standard_NC48ads_A100_v4"}

// townFile writes a file for a name of which the first letter says what it is: m a model, t a tuning, s a set.
func townFile(rng *rand.Rand, name string) string {
	annotations := ""
	switch rng.IntN(10) {
	case 0, 1:
		annotations = `, annotations: {syncer.dev/suspend: "true"}`
	case 2:
		if name[0] != 't' { // a job whose file changes is made again
			annotations = `, annotations: {syncer.dev/spot: "true"}`
		}
	}
	size := "auto"
	if rng.IntN(2) == 0 {
		size = townSizes[rng.IntN(len(townSizes))]
	}
	switch name[0] {
	case 't': // of a tuning, what it works on never changes
		return fmt.Sprintf(`apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: %[1]s%[2]s}
resource: {instanceType: auto, labelSelector: {matchLabels: {app: %[1]s}}}
tuning:
  preset: {name: phi-3-mini-128k-instruct}
  method: qlora
  input: {urls: ["https://example.com/d.parquet"]}
  output: {image: example.azurecr.io/%[1]s:1, imagePushSecret: push}
`, name, annotations)
	case 's':
		if size == "auto" {
			size = townSizes[0]
		}
		return fmt.Sprintf(`apiVersion: kaito.sh/v1beta1
kind: InferenceSet
metadata: {name: %[1]s%[2]s}
spec:
  replicas: %[4]d
  labelSelector: {matchLabels: {app: %[1]s}}
  template:
    resource: {instanceType: %[3]s}
    inference: {preset: {name: phi-4-mini-instruct}}
`, name, annotations, size, rng.IntN(4))
	}
	return fmt.Sprintf(`apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata: {name: %[1]s%[2]s}
resource: {instanceType: %[3]s, labelSelector: {matchLabels: {app: %[1]s}}}
inference: {preset: {name: phi-4-mini-instruct}}
`, name, annotations, size)
}

var townTroubles = []*capacity.CloudError{
	noCapacity,
	{Class: capacity.ClassThrottled, Code: "Throttled", Message: "slow down", RetryAfter: 3 * time.Minute},
	{Class: capacity.ClassTransient, Code: "InternalServerError", Message: "try again"},
	{Class: capacity.ClassQuota, Code: "OperationNotAllowed", Message: "exceeding approved standardNCADSA100v4Family Cores quota. Current Limit: 0, Current Usage: 0, Additional Required: 24"},
}

// event lets something happen.
func (w *town) event(rng *rand.Rand) {
	size := townSizes[rng.IntN(len(townSizes))]
	t := townTroubles[rng.IntN(len(townTroubles))]
	switch rng.IntN(17) {
	case 0, 1, 2, 3:
		name := []string{"m1", "m2", "m3", "t1", "t2", "s1"}[rng.IntN(6)]
		w.files[name+".yaml"] = townFile(rng, name)
		w.commit++
	case 4:
		for name := range w.files {
			if rng.IntN(2) == 0 {
				w.files[name] += broken
			} else {
				delete(w.files, name)
			}
			w.commit++
			break
		}
	case 5:
		w.cloud.Set(func(f *capacitytest.Fake) {
			f.Once = append(f.Once, []*capacitytest.Fault{{Refuse: t}, {Late: t}, {Stuck: true}}[rng.IntN(3)])
		})
	case 6:
		w.cloud.Set(func(f *capacitytest.Fake) { f.Refuse = map[string]*capacity.CloudError{size: t} })
	case 7:
		w.cloud.Set(func(f *capacitytest.Fake) { f.Fail = map[string]*capacity.CloudError{size: t} })
	case 8:
		w.cloud.Set(func(f *capacitytest.Fake) { f.NoNodes = map[string]bool{size: true} })
	case 9:
		w.calm()
	case 10:
		w.cloud.Set(func(f *capacitytest.Fake) { f.Down = errDown })
	case 11:
		w.git, w.recorder = errDown, errDown
	case 12:
		w.kubernetes = errDown
	case 13:
		w.cloud.Set(func(f *capacitytest.Fake) { f.Takes = time.Duration(rng.IntN(8)) * time.Minute })
	case 14: // a pod of somebody else
		for _, names := range w.cloud.Nodes() {
			w.strange[fmt.Sprintf("other/pod%d", rng.IntN(3))] = names[rng.IntN(len(names))]
			break
		}
	case 15:
		for _, ref := range w.refs() {
			if ref.Kind == "Job" && w.over[ref] == "" && w.runs(ref) {
				w.over[ref] = []string{"Complete", "Failed"}[rng.IntN(2)]
				break
			}
		}
	case 16: // a node is lost
		for _, names := range w.cloud.Nodes() {
			w.joined[names[rng.IntN(len(names))]] = -rng.IntN(5)
			break
		}
	}
}

// calm ends all troubles of the outside.
func (w *town) calm() {
	w.git, w.kubernetes, w.recorder = nil, nil, nil
	clear(w.strange)
	w.cloud.Set(func(f *capacitytest.Fake) { f.Refuse, f.Fail, f.NoNodes, f.Once, f.Down = nil, nil, nil, nil, nil })
}

// TestTheBillIsSafe runs random wishes, troubles, pods of others and restarts against the loop as it is in production, but for what
// is outside. Every write is looked at: see town. When the troubles are over everything that may run does, what nobody needs is
// gone, and nothing is written any more, after a restart either.
func TestTheBillIsSafe(t *testing.T) {
	const towns, sequences = 8, 40 / slowdown
	for town := range uint64(towns) {
		t.Run(fmt.Sprint(town), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cache := render.NewCache() // what is rendered does not depend on what happens
				for i := range uint64(sequences) {
					sequence(t, town*sequences+i, cache)
				}
			})
		})
	}
}

func sequence(t *testing.T, seed uint64, cache *render.Cache) {
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	rng := rand.New(rand.NewPCG(seed, 17))
	w := newTown(t, cache)
	switch rng.IntN(4) {
	case 0:
		w.limits.Nodes = 3
	case 1:
		w.limits.HourlyCost = 12
	case 2:
		w.quota = 72
	}
	l, other := w.loop(), w.loop()
	for range 24 {
		w.event(rng)
		if rng.IntN(8) == 0 {
			if w.limited() && rng.IntN(3) == 0 { // the configuration has changed: less may be had than there is
				w.limits.Nodes = 1 + rng.IntN(4)
				other = w.loop()
			}
			l = w.loop()
		}
		for range rng.IntN(4) {
			w.round(l, time.Duration(1+rng.IntN(240))*time.Second)
			if seed%8 == 0 && rng.IntN(2) == 0 { // another syncer of the same cluster, which there should not be
				w.round(other, time.Second)
			}
		}
		if t.Failed() {
			t.Fatalf("%s", w)
		}
	}
	w.calm()
	for name, text := range w.files {
		if strings.Contains(text, broken) {
			w.files[name] = strings.ReplaceAll(text, broken, "")
			w.commit++
		}
	}
	for calm := time.Now(); time.Since(calm) < 3*time.Hour; { // what is stuck, late or blocked has passed by then
		if w.round(l, 5*time.Minute).Settled {
			time.Sleep(25 * time.Minute)
		}
	}
	w.rested(l)
	w.rested(w.loop())
}

func (w *town) round(l *Loop, d time.Duration) Outcome {
	out := l.Pass(w.t.Context(), all)
	time.Sleep(d)
	w.tick()
	return out
}

// rested fails the test unless nothing is written any more, everybody has what they ask for, and there is nothing else.
func (w *town) rested(l *Loop) {
	w.t.Helper()
	writes, commits := len(w.cloud.Written), w.commits
	var last Outcome
	for range 4 {
		last = w.round(l, time.Minute)
		if last.Changes.Writes() > 0 || last.PoolWrites > 0 {
			w.t.Errorf("at rest, and it writes %v and %d pools", last.Changes, last.PoolWrites)
		}
	}
	if len(w.cloud.Written) != writes || w.commits != commits {
		w.t.Errorf("at rest, and it wrote %v and %d commits", w.cloud.Written[writes:], w.commits-commits)
	}
	if w.cloud.Foreign > 0 {
		w.t.Errorf("%d writes to pools of others", w.cloud.Foreign)
	}
	short := map[string]bool{} // who has no place, and may say so
	for _, r := range last.Reports {
		c := r.Conditions[0]
		short[r.Key.Name] = w.limited() && (c.Reason == "LimitReached" || c.Reason == "QuotaExceeded")
		if (r.State == status.Pending || r.State == status.NotReady) && !short[r.Key.Name] && !strings.Contains(w.files[r.Source], "suspend") {
			w.t.Errorf("%s is %s: %+v", r.Key, r.State, r.Conditions)
		}
	}
	needed := map[string]bool{}
	for _, ref := range w.refs() {
		if o := w.objects[ref]; isWorkload(ref) {
			needed[requires(o)] = true
			ran := 0
			for _, name := range w.podsOf(ref) {
				if w.pods[name].started > 0 {
					ran++
				}
			}
			if w.over[ref] == "" && ran != int(replicasOf(o)) && !short[ref.Name] {
				w.t.Errorf("%s on pool %s has %d of %d pods", ref, requires(o), ran, replicasOf(o))
			}
		}
	}
	busy := map[string]int{}
	for _, p := range w.pods {
		if w.over[p.owner] == "" && p.node != "" {
			busy[p.node]++
		}
	}
	for name, p := range w.pools() {
		switch {
		case !p.Owned:
		case !needed[name] && (p.Count > 0 || !short[p.Workspace.Name]): // of who waits, nothing is deleted
			w.t.Errorf("nobody needs pool %s x%d", name, p.Count)
		case p.State != capacity.Succeeded:
			w.t.Errorf("pool %s is %s", name, p.State)
		}
		for _, n := range w.cloud.Nodes()[name] {
			if p.Owned && busy[n] == 0 {
				w.t.Errorf("nothing runs on node %s", n)
			}
		}
	}
	if w.t.Failed() {
		w.t.Fatalf("%s\n%v", w, w.cloud.Written)
	}
}

func (w *town) limited() bool { return w.limits.Nodes > 0 || w.limits.HourlyCost > 0 || w.quota > 0 }

// String lists what there is.
func (w *town) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "limits %+v, quota %d, files %q\n", w.limits, w.quota, w.files)
	for name, p := range w.pools() {
		fmt.Fprintf(&b, "%s %s x%d %s for %s, nodes %v\n", name, p.Size, p.Count, p.State, p.Workspace, w.cloud.Nodes()[name])
	}
	for _, ref := range w.refs() {
		if isWorkload(ref) {
			fmt.Fprintf(&b, "%s -> %s %s\n", ref, requires(w.objects[ref]), w.over[ref])
		}
	}
	for name, p := range w.pods {
		fmt.Fprintf(&b, "%s on %q (pool %s, %d GPUs)\n", name, p.node, p.pool, p.gpus)
	}
	return b.String()
}
