// SPDX-License-Identifier: Apache-2.0

package reconciletest

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/capacity/capacitytest"
	"syncer.dev/syncer/internal/cluster"
)

// updating reports whether not all pods of a server were ready since its template changed, as the revisions in the
// status of a StatefulSet show it.
func (k *Kubernetes) updating(w capacitytest.Workload, ready int64) bool {
	if k.rolled == nil {
		k.rolled = map[string]string{}
	}
	if was, known := k.rolled[w.Name]; !known || ready == int64(w.Replicas) && k.crashes(w) == "" {
		k.rolled[w.Name] = w.Template // the first revision is the current one from the start
	} else {
		return was != w.Template
	}
	return false
}

// crashes returns why the pods of a workload crash, or "".
func (k *Kubernetes) crashes(w capacitytest.Workload) string {
	for name, text := range k.Crash {
		if w.Name == "default/"+name && strings.Contains(w.Template, text) {
			return "ContainerCrashLoopBackOff"
		}
	}
	return ""
}

// Interrupted lists the servers of the namespace default that are meant to serve and do not, in the order of their
// names.
func (k *Kubernetes) Interrupted() []string {
	var out []string
	for key, w := range k.State().Workloads {
		if w.Ref.Kind == "StatefulSet" && w.Replicas > 0 && w.Endpoints == 0 {
			out = append(out, key.Name)
		}
	}
	slices.Sort(out)
	return out
}

// Image returns the first image that an init container of a server pulls, or "".
func (k *Kubernetes) Image(name string) string {
	for ref, o := range k.objects {
		if ref.Kind != "StatefulSet" || ref.Name != name {
			continue
		}
		text := PodTemplate(o)
		if _, after, ok := strings.Cut(text, "map[name:IMAGE value:"); ok {
			image, _, _ := strings.Cut(after, "]")
			return image
		}
	}
	return ""
}

// pushed is the image that the pod of a tuning says it has pushed.
func (k *Kubernetes) pushed(ref cluster.Ref, w capacitytest.Workload) cluster.Image {
	if w.Finished != capacitytest.Complete {
		return cluster.Image{}
	}
	return k.Pushed[ref.Name]
}
