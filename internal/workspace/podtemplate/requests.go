// SPDX-License-Identifier: Apache-2.0

package podtemplate

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Ask is the amount of a resource that one pod needs, in the unit of the resource, and the field of the template that
// contributes most of it.
type Ask struct {
	Amount resource.Quantity
	Field  string // such as spec.containers[0].resources.limits.cpu
}

// Requests returns what the scheduler looks for on a node, by resource: the sum of the containers, or more where an
// init container needs more, and the overhead. It is the rule of Kubernetes
// (https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers): sidecars,
// which are init containers with restartPolicy Always, run beside all that comes later. The resources of the pod as a
// whole take the place of the sum.
func Requests(template map[string]any) map[string]Ask {
	spec := object(template, "spec")
	running, starting := map[string]Ask{}, map[string]Ask{}
	for i, c := range list(spec, "initContainers") {
		own := asksOf(object(c, "resources"), fmt.Sprintf("spec.initContainers[%d].resources", i))
		if text(c, "restartPolicy") == "Always" {
			add(running, own)
			own = nil
		}
		now := map[string]Ask{}
		add(now, running)
		add(now, own)
		most(starting, now)
	}
	for i, c := range list(spec, "containers") {
		add(running, asksOf(object(c, "resources"), fmt.Sprintf("spec.containers[%d].resources", i)))
	}
	most(running, starting)
	for name, ask := range asksOf(object(spec, "resources"), "spec.resources") {
		running[name] = ask
	}
	add(running, quantities(object(spec, "overhead"), "spec.overhead"))
	return running
}

// asksOf reads the resources of a container: a limit without a request is one.
func asksOf(resources map[string]any, field string) map[string]Ask {
	out := quantities(object(resources, "limits"), field+".limits")
	for name, ask := range quantities(object(resources, "requests"), field+".requests") {
		out[name] = ask
	}
	return out
}

func quantities(m map[string]any, field string) map[string]Ask {
	out := map[string]Ask{}
	for name, v := range m {
		if q, err := resource.ParseQuantity(fmt.Sprint(v)); err == nil && q.Sign() > 0 {
			out[name] = Ask{q, field + "." + name}
		}
	}
	return out
}

// add adds asks to a sum; the larger part gives the field.
func add(sum, more map[string]Ask) {
	for name, ask := range more {
		old, ok := sum[name]
		if !ok {
			sum[name] = ask
			continue
		}
		total := old.Amount.DeepCopy()
		total.Add(ask.Amount)
		field := old.Field
		if ask.Amount.Cmp(old.Amount) > 0 {
			field = ask.Field
		}
		sum[name] = Ask{total, field}
	}
}

// most raises asks to others where those are larger.
func most(asks, others map[string]Ask) {
	for name, ask := range others {
		if old, ok := asks[name]; !ok || ask.Amount.Cmp(old.Amount) > 0 {
			asks[name] = ask
		}
	}
}
