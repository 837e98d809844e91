// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/reconciletest"
	"syncer.dev/syncer/internal/simulate/apiserver"
	"syncer.dev/syncer/internal/simulate/asked"
	"syncer.dev/syncer/internal/simulate/branch"
	"syncer.dev/syncer/internal/simulate/divided"
)

// event plays one event: of people, of other clients, or of what fails. It returns what it was.
func (w *World) event() string {
	events := []func() string{
		w.push, w.push, w.push, w.push, w.breakFile, w.removeFile, w.removeFile, w.comeBack, w.comeBack,
		w.removeAll, w.rewrite,
		w.changeByHand, w.changeByHand, w.deleteByHand, w.keepByHand, w.intrude, w.intrude, w.copyLabels,
		w.deletePool, w.takeMachines, w.foreignPod, w.breakNode, w.finishJob, w.finishJob,
		w.gitDown, w.statusFull, w.otherStatus, w.otherStatus, w.statusByHand,
		w.serverDown, w.azureDown, w.refuse, w.heal, w.heal, w.azureSlow, w.jump,
	}
	if !w.profile.pinned {
		events = append(events, w.shortage, w.shortage, w.limit)
	}
	events = append(events, w.switches()...)
	if w.profile.divided {
		events = append(events, w.swap)
	}
	return events[w.rng.IntN(len(events))]()
}

func pickOf[T any](w *World, list []T) (T, bool) {
	var none T
	if len(list) == 0 {
		return none, false
	}
	return list[w.rng.IntN(len(list))], true
}

const nothing = "nothing"

// push writes a file.
func (w *World) push() string {
	name := reconciletest.Names[w.rng.IntN(len(reconciletest.Names))]
	text := w.file(name)
	w.git.Commit(func(files map[string]string) { files[name+".yaml"] = text })
	return "push " + name
}

// file returns a random text for the file of a name.
func (w *World) file(name string) string {
	text := reconciletest.RandomFile(w.rng, name)
	if w.profile.pinned {
		text = pinned(name, text)
	}
	if w.profile.divided {
		text = divided.Placed(name, text)
	}
	return text
}

// pinned names the size of a file, and suspends no job: what comes of one depends on whether it had ended before.
func pinned(name, text string) string {
	if name[0] == 't' {
		text = strings.ReplaceAll(text, `syncer.dev/suspend: "true"`, "")
	}
	return strings.ReplaceAll(text, "instanceType: auto", "instanceType: Standard_NC24ads_A100_v4")
}

func (w *World) breakFile() string {
	name, ok := pickOf(w, w.git.Names())
	if !ok || asked.Broken(w.git.Files[name]) {
		return nothing
	}
	w.meet("a file is broken")
	w.git.Commit(func(files map[string]string) { files[name] += asked.SyntaxError })
	return "break " + name
}

func (w *World) removeFile() string {
	name, ok := pickOf(w, w.git.Names())
	if !ok {
		return nothing
	}
	w.git.Commit(func(files map[string]string) { delete(files, name) })
	w.git.Empty = asked.Empty(w.git.Files) && w.rng.IntN(2) == 0
	return "remove " + name
}

// comeBack brings a file back as it was, or repairs it.
func (w *World) comeBack() string {
	for _, old := range w.git.Commits {
		for _, name := range reconciletest.Names {
			file := name + ".yaml"
			if text := old[file]; text != "" && w.git.Files[file] == "" {
				w.meet("a file goes and comes back")
				w.git.Commit(func(files map[string]string) { files[file] = text })
				return "bring back " + name
			}
		}
	}
	w.git.Commit(branch.Repair)
	return "repair"
}

func (w *World) removeAll() string {
	w.meet("all files go")
	w.git.Commit(func(files map[string]string) { clear(files) })
	w.git.Empty = w.rng.IntN(3) == 0
	return fmt.Sprintf("remove all, confirmed: %t", w.git.Empty)
}

// rewrite makes an earlier tree the tip.
func (w *World) rewrite() string {
	old, ok := pickOf(w, w.git.Commits)
	if !ok {
		return nothing
	}
	w.meet("the branch is rewritten")
	w.git.Commit(func(files map[string]string) { clear(files); maps.Copy(files, old) })
	return "force-push"
}

// ours picks an object that syncer applied and that stays.
func (w *World) ours() (cluster.Ref, *apiserver.Object) {
	var refs []cluster.Ref
	for _, ref := range w.server.Refs() {
		if o := w.server.Objects[ref]; o.Owner == apiserver.Us && o.Labelled && o.Ends == 0 {
			refs = append(refs, ref)
		}
	}
	ref, ok := pickOf(w, refs)
	if !ok {
		return ref, nil
	}
	return ref, w.server.Objects[ref]
}

// changeByHand adds a label to an object, and makes a server smaller.
func (w *World) changeByHand() string {
	ref, o := w.ours()
	if o == nil {
		return nothing
	}
	w.meet("another client changes an object")
	changed := o.Content.DeepCopy()
	labels := changed.GetLabels()
	labels["by"] = "hand"
	changed.SetLabels(labels)
	if ref.Kind == "StatefulSet" && w.rng.IntN(2) == 0 {
		_ = unstructured.SetNestedField(changed.Object, int64(w.rng.IntN(3)), "spec", "replicas")
	}
	w.server.Put(changed, apiserver.Us)
	return "change " + ref.String() + " by hand"
}

func (w *World) deleteByHand() string {
	ref, o := w.ours()
	if o == nil {
		return nothing
	}
	w.meet("another client deletes an object")
	w.server.Remove(ref, w.slowly())
	return "delete " + ref.String() + " by hand"
}

func (w *World) keepByHand() string {
	ref, o := w.ours()
	if o == nil {
		return nothing
	}
	o.Kept = true
	w.server.Touch()
	return "annotate " + ref.String() + " prune: disabled"
}

// intrude makes an object of another client by the name of one that syncer may want.
func (w *World) intrude() string {
	name := reconciletest.Names[w.rng.IntN(len(reconciletest.Names)-1)]
	kind, version := "Service", "v1"
	if w.rng.IntN(2) == 0 {
		kind, version = "StatefulSet", "apps/v1"
	}
	o := apiserver.Foreign(version, kind, name)
	ref := cluster.RefOf(o)
	if w.server.Objects[ref] != nil {
		return nothing
	}
	w.meet("a foreign object is in the way")
	w.foreign[ref] = o
	w.server.Put(o, "kubectl")
	return "intrude " + ref.String()
}

// copyLabels makes an object with our labels that another client applied.
func (w *World) copyLabels() string {
	name := reconciletest.Names[w.rng.IntN(len(reconciletest.Names))]
	o := apiserver.Copy(clusterName, name)
	if w.server.Objects[cluster.RefOf(o)] == nil {
		w.meet("a copy of our labels")
		w.foreign[cluster.RefOf(o)] = o
		w.server.Put(o, "helm")
	}
	return "copy labels of " + name
}

func (w *World) owned() []capacity.LivePool {
	var out []capacity.LivePool
	for _, p := range w.cloud.Live() {
		if p.Owned {
			out = append(out, p)
		}
	}
	return out
}

func (w *World) deletePool() string {
	pool, ok := pickOf(w, w.owned())
	if !ok {
		return nothing
	}
	w.meet("another client deletes a pool")
	w.cloud.Lose(pool.Name)
	w.cloud.Nodes.Reconcile()
	if !w.calm && w.rng.IntN(4) == 0 { // and makes one of its own by the same name
		w.cloud.Put(capacity.LivePool{Name: pool.Name, Size: pool.Size, Count: 1, State: capacity.Succeeded})
	}
	w.server.Touch()
	return "delete pool " + pool.Name + " by hand"
}

func (w *World) takeMachines() string {
	pool, ok := pickOf(w, w.owned())
	if !ok || pool.State.Busy() {
		return nothing
	}
	w.meet("machines are taken")
	w.cloud.Evict(pool.Name)
	w.cloud.Nodes.Reconcile()
	w.server.Touch()
	return "take the machines of " + pool.Name
}

func (w *World) node() (string, bool) {
	var names []string
	nodes := w.cloud.Fake.Nodes()
	for _, p := range w.cloud.Live() {
		names = append(names, nodes[p.Name]...)
	}
	return pickOf(w, names)
}

func (w *World) foreignPod() string {
	node, ok := w.node()
	if !ok {
		return nothing
	}
	w.cloud.Nodes.AddForeign(fmt.Sprintf("other/pod%d", w.rng.IntN(3)), node)
	w.server.Touch()
	return "a foreign pod on " + node
}

func (w *World) breakNode() string {
	node, ok := w.node()
	if !ok {
		return nothing
	}
	w.cloud.Nodes.Break(node, w.rng.IntN(5))
	w.server.Touch()
	return "break " + node
}

// finishJob ends a job that runs. In a pinned world every job succeeds.
func (w *World) finishJob() string {
	for _, job := range w.cloud.Nodes.Workloads() {
		if !job.Job || job.Finished != "" || !w.cloud.Nodes.Runs(job.Name) {
			continue
		}
		how := capacitytest.Complete
		if !w.profile.pinned && w.rng.IntN(2) == 0 {
			how = capacitytest.Broken
		}
		w.cloud.Nodes.Finish(job.Name, how)
		w.server.Touch()
		return fmt.Sprintf("job %s is %s", job.Name, how)
	}
	return nothing
}

func (w *World) gitDown() string {
	w.meet("Git is down")
	w.outages.git = errDown
	return "Git is down"
}

func (w *World) statusFull() string {
	w.meet("the status branch is full")
	w.outages.record = errFull
	return "the disk of the status branch is full"
}

func (w *World) serverDown() string {
	w.meet("the API server is down")
	w.outages.server = errGateway
	return "the API server is down"
}

func (w *World) azureDown() string {
	w.meet("Azure is down")
	w.outages.cloud = errDown
	return "Azure is down"
}

func (w *World) refuse() string {
	w.meet("a webhook refuses")
	name := []string{"m1", "m2", "m3", "t1", "t2", "s1-0"}[w.rng.IntN(6)]
	if w.outages.refused == nil {
		w.outages.refused = map[string]error{}
	}
	w.outages.refused[name] = errInvalid
	return "a webhook refuses " + name
}

// heal ends what is unreachable, refused and short.
func (w *World) heal() string {
	w.outages = outages{}
	w.cloud.Limits, w.cloud.VCPUs = capacity.Limits{}, 0
	w.cloud.Set(func(f *capacitytest.Fake) { f.Refuse, f.Fail, f.NoNodes, f.Once = nil, nil, nil, nil })
	return "heal"
}

func (w *World) azureSlow() string {
	takes := time.Duration(w.rng.IntN(8)) * time.Minute
	w.cloud.Set(func(f *capacitytest.Fake) { f.Takes = takes })
	w.cloud.Nodes.Late = w.rng.IntN(3)
	return fmt.Sprintf("operations of Azure take %s", takes)
}

// jump lets hours go by at once, as for a machine that was suspended.
func (w *World) jump() string {
	w.meet("the clock jumps ahead")
	d := time.Duration(1+w.rng.IntN(180)) * time.Minute
	w.pause(d)
	return fmt.Sprintf("the clock jumps ahead by %s", d)
}

var sizes = []string{"Standard_NC24ads_A100_v4", "Standard_NV36ads_A10_v5", "Standard_NC40ads_H100_v5"}

// shortage lets Azure refuse a size, fail late with it, or have no nodes of it.
func (w *World) shortage() string {
	size, e := sizes[w.rng.IntN(len(sizes))], failures[w.rng.IntN(len(failures))]
	how := w.rng.IntN(3)
	w.cloud.Set(func(f *capacitytest.Fake) {
		switch how {
		case 0:
			f.Refuse = map[string]*capacity.CloudError{size: e}
		case 1:
			f.Fail = map[string]*capacity.CloudError{size: e}
		default:
			f.NoNodes = map[string]bool{size: true}
		}
	})
	return fmt.Sprintf("shortage %d of %s: %s", how, size, e.Code)
}

// limit lowers the quota, which Azure publishes.
func (w *World) limit() string {
	w.cloud.VCPUs, w.quotaAt = 48+w.rng.IntN(48), time.Now()
	return fmt.Sprintf("quota %d", w.cloud.VCPUs)
}
