// SPDX-License-Identifier: Apache-2.0

package kubelet

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Annotations on a pod that change how it is played.
const (
	annotationFail     = "devcluster.syncer.dev/fail"     // one of the failures
	annotationDelay    = "devcluster.syncer.dev/delay"    // from bound to running
	annotationDuration = "devcluster.syncer.dev/duration" // how long it runs, if it is to end
)

// failure is something that goes wrong with a pod.
type failure string

const (
	imagePullBackOff failure = "ImagePullBackOff"
	crashLoopBackOff failure = "CrashLoopBackOff"
	oomKilled        failure = "OOMKilled"
	neverReady       failure = "never-ready"
	exit1            failure = "exit-1"

	failureNames = "ImagePullBackOff, CrashLoopBackOff, OOMKilled, never-ready, exit-1"
)

// failures maps image globs to failures, as a flag: "*/broken:*=ImagePullBackOff,*/oom*=OOMKilled".
type failures []struct {
	glob string
	what failure
}

// String returns the flag's form.
func (f *failures) String() string {
	var parts []string
	for _, e := range *f {
		parts = append(parts, e.glob+"="+string(e.what))
	}
	return strings.Join(parts, ",")
}

// Set adds to the list from the flag's form.
func (f *failures) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		glob, what, ok := strings.Cut(part, "=")
		if !ok || !slices.Contains(strings.Split(failureNames, ", "), what) {
			return fmt.Errorf("%q is not glob=failure, with failure one of %s", part, failureNames)
		}
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("glob %q: %w", glob, err)
		}
		*f = append(*f, struct {
			glob string
			what failure
		}{glob, failure(what)})
	}
	return nil
}

// failureOf returns what is to go wrong with a pod, or "". A glob matches the last part of an image's name, with its
// tag.
func failureOf(pod *corev1.Pod, byImage failures) failure {
	if f := pod.Annotations[annotationFail]; f != "" {
		return failure(f)
	}
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		for _, e := range byImage {
			if ok, _ := path.Match(e.glob, path.Base(c.Image)); ok {
				return e.what
			}
		}
	}
	return ""
}

func durationOf(pod *corev1.Pod, annotation string, otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(pod.Annotations[annotation]); err == nil {
		return d
	}
	return otherwise
}
