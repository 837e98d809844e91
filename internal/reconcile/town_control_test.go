package reconcile

import (
	"fmt"
	"maps"
	"slices"
)

// control does what controllers and the scheduler of Kubernetes do.
func (w *town) control() {
	for _, ref := range w.refs() {
		if !isWorkload(ref) || w.over[ref] != "" {
			continue
		}
		o := w.objects[ref]
		kept := map[string]bool{}
		for i := range replicasOf(o) {
			name := fmt.Sprintf("%s/%s-%d", ref.Namespace, ref.Name, i)
			kept[name] = true
			if p := w.pods[name]; p == nil || p.of != templateOf(o) {
				w.pods[name] = &townPod{owner: ref, of: templateOf(o), pool: requires(o), gpus: gpusOf(o)}
			}
		}
		for _, name := range w.podsOf(ref) {
			if !kept[name] {
				delete(w.pods, name)
			}
		}
	}
	nodes := w.cloud.Nodes()
	for _, name := range slices.Sorted(maps.Keys(w.pods)) {
		p := w.pods[name]
		if p.node != "" && !slices.Contains(nodes[p.pool], p.node) { // by no doing of ours: that is looked at when it is done
			p.node, p.started = "", 0
		}
		if p.node != "" || w.over[p.owner] != "" {
			continue
		}
		best, most := "", int64(-1)
		for _, n := range nodes[p.pool] {
			if free := w.free(n, p.pool); w.joined[n] > 0 && free >= p.gpus && free > most {
				best, most = n, free
			}
		}
		p.node = best
	}
}

func (w *town) free(node, pool string) int64 {
	free := w.gpusOf(node, pool)
	for _, p := range w.pods {
		if p.node == node && w.over[p.owner] == "" {
			free -= p.gpus
		}
	}
	return free
}

// tick lets a round go by.
func (w *town) tick() {
	there := map[string]int{}
	for _, names := range w.cloud.Nodes() {
		for _, n := range names {
			there[n] = w.joined[n] + 1
		}
	}
	w.joined = there
	for name, node := range w.strange {
		if there[node] == 0 {
			delete(w.strange, name)
		}
	}
	w.control()
	for _, p := range w.pods {
		if p.node != "" {
			p.started++
		}
	}
}
