// SPDX-License-Identifier: Apache-2.0

package decode

import (
	"io/fs"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/presets"
)

func TestPushedBy(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0a", 32)
	want := cluster.Image{Name: "example.azurecr.io/a:1", Digest: digest}
	for name, tt := range map[string]struct {
		phase   corev1.PodPhase
		code    int32
		message string
		want    cluster.Image
	}{
		"pushed":        {corev1.PodSucceeded, 0, "pushed example.azurecr.io/a:1 " + digest + "\n", want},
		"failed":        {corev1.PodFailed, 1, "pushed example.azurecr.io/a:1 " + digest, cluster.Image{}},
		"of a sidecar":  {corev1.PodSucceeded, 137, "pushed example.azurecr.io/a:1 " + digest, cluster.Image{}},
		"no digest":     {corev1.PodSucceeded, 0, "pushed example.azurecr.io/a:1 ", cluster.Image{}},
		"another word":  {corev1.PodSucceeded, 0, "done example.azurecr.io/a:1 " + digest, cluster.Image{}},
		"more than one": {corev1.PodSucceeded, 0, "pushed a " + digest + "\npushed b " + digest, cluster.Image{}},
		"short":         {corev1.PodSucceeded, 0, "pushed a sha256:0a", cluster.Image{}},
		"empty":         {corev1.PodSucceeded, 0, "", cluster.Image{}},
	} {
		pod := &corev1.Pod{Status: corev1.PodStatus{Phase: tt.phase, ContainerStatuses: []corev1.ContainerStatus{
			{State: corev1.ContainerState{}},
			{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ExitCode: tt.code, Message: tt.message,
			}}},
		}}}
		if got := Pod(pod).Pushed; got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestPresetsSayWhatTheyPush: the words that pushedBy reads are those that the presets write.
func TestPresetsSayWhatTheyPush(t *testing.T) {
	for file, text := range map[string]string{
		"components/push-image/patch.yaml": `result="0 pushed $OUTPUT_IMAGE $(cd /tmp/push && oras resolve`,
		"base/tuning/job.yaml":             `echo "$message" | tee /dev/termination-log`,
	} {
		data, err := fs.ReadFile(presets.FS, file)
		if err != nil || !strings.Contains(string(data), text) {
			t.Errorf("%s does not write %q: %v", file, text, err)
		}
	}
}
