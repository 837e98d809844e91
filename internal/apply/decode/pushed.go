// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"regexp"

	corev1 "k8s.io/api/core/v1"

	"syncer.dev/syncer/internal/cluster"
)

// pushed is the last word of a tuning that has pushed its result (component push-image of the presets).
var pushed = regexp.MustCompile(`^pushed (\S{1,512}) (sha256:[0-9a-f]{64})\s*$`)

// pushedBy returns the image that a pod of a tuning says it has pushed. Only one that has succeeded says so: the image
// of another may be replaced by the next attempt.
func pushedBy(pod *corev1.Pod) cluster.Image {
	if pod.Status.Phase != corev1.PodSucceeded {
		return cluster.Image{}
	}
	for i := range pod.Status.ContainerStatuses {
		ended := pod.Status.ContainerStatuses[i].State.Terminated
		if ended == nil || ended.ExitCode != 0 {
			continue
		}
		if m := pushed.FindStringSubmatch(ended.Message); m != nil {
			return cluster.Image{Name: m[1], Digest: m[2]}
		}
	}
	return cluster.Image{}
}
