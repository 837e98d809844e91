// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"
	"time"

	"syncer.dev/syncer/internal/cluster"
)

// deadline is how long a restart may take before it counts as failed: the longest time that the startup probe of a
// preset gives a server (package render). A server that takes longer is ended by its probe, and fails then.
const deadline = 3 * time.Hour

// remade is how far the creation of a workload may lie before the report that it does not serve, for the one to be the
// cause of the other. It covers some passes; that a node is lost so soon after a workload was made is rare.
const remade = 10 * time.Minute

// failures are the reasons of cluster.Pod that do not pass by themselves. Kubernetes goes on trying: a Workspace whose
// pod recovers is no longer among them.
var failures = []string{
	"ContainerCrashLoopBackOff", "ContainerFailed", "ContainerOOMKilled", "ContainerStartError", "ImagePullError",
}

// Look reports whether a live workload is under way, and why it has failed, if it has. was is the last report on it;
// nil if there is none.
//
// Under way is a server that has answered before its last change and is not healthy since. One that never did
// interrupts no client, and one that is down for another reason, such as a lost node, is not part of a roll-out.
func Look(w *cluster.Workload, was *Reported, now time.Time) (failed string, underWay bool) {
	if !suspect(w, was) || !w.Updating && !recreated(w, was, now) && w.Ready < w.Replicas {
		return "", false
	}
	for i := range w.Pods {
		// A pod that is replaced may end with an error, which says nothing about the new one.
		if p := &w.Pods[i]; !p.Deleting && slices.Contains(failures, p.Reason) {
			return p.Reason, true
		}
	}
	if was != nil && !was.NotReadySince.IsZero() && now.Sub(was.NotReadySince) > deadline {
		return "it is not ready after 3 hours", true
	}
	return "", true
}

// Until is when time alone changes what Look says; zero for never.
func Until(w *cluster.Workload, was *Reported, now time.Time) time.Time {
	var at time.Time
	switch {
	case !suspect(w, was):
	case was != nil && !was.NotReadySince.IsZero():
		at = was.NotReadySince.Add(deadline + 1) // the moment after
	case !w.Created.IsZero():
		at = w.Created.Add(remade)
	}
	if !at.After(now) {
		return time.Time{}
	}
	return at
}

// suspect reports whether a workload may be under way: a server that is not healthy, unless it never was.
func suspect(w *cluster.Workload, was *Reported) bool {
	return w.Ref.Kind == "StatefulSet" && w.Replicas > 0 && !healthy(w) && (was == nil || was.Served)
}

// healthy reports whether all replicas of the newest version are ready, and answer behind the Service.
func healthy(w *cluster.Workload) bool {
	return w.Current && !w.Updating && w.Ready >= w.Replicas && w.Endpoints > 0
}

// recreated reports whether the workload was recreated about when its Workspace stopped serving.
func recreated(w *cluster.Workload, was *Reported, now time.Time) bool {
	if w.Created.IsZero() {
		return false
	}
	stopped := now
	if was != nil && !was.NotReadySince.IsZero() {
		stopped = was.NotReadySince
	}
	return w.Created.After(stopped.Add(-remade))
}
