// SPDX-License-Identifier: Apache-2.0

package status

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	decoding "syncer.dev/syncer/internal/apply/decode"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/golden"
	"syncer.dev/syncer/internal/workspace"
)

// TestConditionPages: the page of each reason that only conditions have shows one that Observe makes.
func TestConditionPages(t *testing.T) {
	examples := conditionExamples(t)
	for _, e := range diag.Conditions() {
		name := string(e.Reason)
		in, ok := examples[name]
		switch {
		case name == "Removed": // of an Event: package transitions
			continue
		case !ok:
			t.Errorf("there is no example of %s", name)
			continue
		}
		r := Observe(nil, in, t0)
		i := slices.IndexFunc(r.Conditions, func(c Condition) bool { return c.Reason == name })
		if i < 0 {
			t.Errorf("%s is not among %+v", name, r.Conditions)
			continue
		}
		c := r.Conditions[i]
		page := filepath.Join("../../docs/reasons", name+".md")
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		before, _, _ := strings.Cut(string(text), "```text\n")
		golden.Equal(t, page, before+fmt.Sprintf("```text\n%s=%s %s: %s\n```\n", c.Type, c.Status, c.Reason, c.Message))
	}
}

// conditionExamples returns what a report with each reason follows from.
func conditionExamples(t *testing.T) map[string]Input {
	out := map[string]Input{}
	add := func(name string, base func() Input, change func(*Input)) {
		in := base()
		change(&in)
		out[name] = in
	}
	none := func(*Input) {}
	loading := func(in *Input) { in.Workload.Ready, in.Workload.Endpoints = 0, 0 }
	add("PoolPending", served, func(in *Input) { in.Pools, in.LiveNodes, in.Workload = nil, nil, nil })
	add("PoolHeld", served, func(in *Input) {
		in.Pools, in.LiveNodes, in.Workload = nil, nil, nil
		in.PoolHeld = "an object of the Workspace is refused"
	})
	add("PoolNotReady", served, func(in *Input) { in.Pools[0].State, in.LiveNodes = capacity.Creating, nil })
	add("PoolFailed", served, func(in *Input) {
		in.LiveNodes, in.Pools[0].State = nil, capacity.Failed
		in.Pools[0].ErrorCode, in.Pools[0].Error = "VMExtensionProvisioningError", "the extension vmssCSE has failed"
	})
	add("PoolReady", served, none)
	add("PoolReleased", tuned, func(in *Input) {
		in.Finished, in.Workload.Complete, in.Pool.Count, in.Pools[0].Count, in.LiveNodes = true, true, 0, 0, nil
	})
	add("NodePoolPending", onKarpenter, func(in *Input) { in.NodePools, in.LiveNodes = nil, nil })
	add("NodePoolHeld", onKarpenter, func(in *Input) {
		in.NodePools, in.LiveNodes, in.NodePoolHeld = nil, nil, "an object of the Workspace is refused"
	})
	add("NodePoolFailed", onKarpenter, func(in *Input) {
		in.NodePools, in.LiveNodes = nil, nil
		in.NodePoolErr = errors.New("the cluster has no kind NodePool.karpenter.sh")
	})
	add("NodePoolNotReady", onKarpenter, func(in *Input) { in.NodePools[0].Claims, in.LiveNodes = nil, nil })
	add("NodePoolReady", onKarpenter, none)
	add("NodePoolReleased", onKarpenter, func(in *Input) {
		in.Workspace = &workspace.Workspace{Key: in.Key, Tuning: &workspace.Tuning{}}
		in.Finished, in.Workload = true, &cluster.Workload{Complete: true, Inputs: "d1"}
	})
	add("NodesReady", onExisting, none)
	add("NodeNotReady", onExisting, func(in *Input) { in.LiveNodes[0].Ready = false })
	add("WorkspaceInferenceStatusSuccess", served, none)
	add("WorkspaceInferenceStatusPending", served, loading)
	add("WorkspaceTuningJobStatusPending", tuned, func(in *Input) { in.Workload.Pods = nil })
	add("WorkspaceTuningJobStatusStarted", tuned, none)
	failed := func(in *Input) {
		in.Workload.Failed = true
		in.Workload.Pods = []cluster.Pod{{
			Name: "phi-4-x7k2m", Reason: "ContainerFailed",
			Message: "container model ended with exit code 1: ValueError: the dataset has no column text",
		}}
	}
	add("WorkspaceTuningJobStatusFailed", tuned, failed)
	add("workspaceFailed", tuned, failed)
	add("workspaceSucceeded", served, none)
	add("workspacePending", served, loading)
	add("ReferenceMissing", tuned, func(in *Input) {
		in.Workload.Pods, in.Missing = nil, []string{"Secret default/push is missing"}
	})
	add("DeletionPending", served, func(in *Input) {
		in.Workspace, in.Leaving = nil, []string{"StatefulSet/phi-4 has finalizer example.com/backup"}
	})
	add("ApplyFailed", served, func(in *Input) {
		in.Workload = nil
		in.ApplyErrs = []error{errors.New(`StatefulSet/phi-4: admission webhook "images.example.com" denied the request`)}
	})
	add("ApplyHeld", served, func(in *Input) {
		in.Held = "it would raise the cost by 25.00 USD per hour, and 10.00 are allowed"
	})
	for reason, status := range podExamples {
		var pod corev1.Pod
		if err := yaml.UnmarshalStrict([]byte(status), &pod.Status); err != nil {
			t.Fatal(err)
		}
		pod.Name = "phi-4-0"
		add(reason, served, func(in *Input) { loading(in); in.Workload.Pods = []cluster.Pod{decoding.Pod(&pod)} })
	}
	addAnswers(t, add)
	return out
}

// podExamples are the statuses of pods with what is wrong with them.
var podExamples = map[string]string{
	"Unschedulable": `
conditions: [{type: PodScheduled, status: "False", message: "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."}]
`,
	"PodEvicted": `{reason: Evicted, message: "The node was low on resource: ephemeral-storage."}`,
	"ImagePullError": `
containerStatuses:
- {name: model, state: {waiting: {reason: ImagePullBackOff, message: "Back-off pulling image example.azurecr.io/a:1"}}}
`,
	"ContainerStartError": `
containerStatuses:
- {name: model, state: {waiting: {reason: CreateContainerConfigError, message: "secret \"hf-token\" not found"}}}
`,
	"ContainerOOMKilled": `
containerStatuses:
- {name: model, state: {terminated: {exitCode: 137, reason: OOMKilled, message: "loading shard 3"}}}
`,
	"ContainerCrashLoopBackOff": `
containerStatuses:
- name: model
  state: {waiting: {reason: CrashLoopBackOff}}
  lastState: {terminated: {exitCode: 1, message: "ValueError: max_model_len is larger than the model allows"}}
`,
	"ContainerFailed": `
containerStatuses:
- {name: model, state: {terminated: {exitCode: 1, message: "could not push example.azurecr.io/a:1"}}}
`,
}

// furtherAnswers are those that the file has without a message: what the executor finds itself, in its own words, and
// what Azure says of too many requests.
const furtherAnswers = `
| GPUsMissing | Azure reports Succeeded, but 1 of 1 nodes have no allocatable GPUs after 30m0s
| SpotMachineTaken | 1 of 1 spot machines are gone: Azure took them back; syncer asks for others
| OperationStuck | the pool has been Creating for more than 1h0m0s; syncer aborts the operation once
| TooManyRequests | The request is being throttled as the limit has been reached
`

// addAnswers adds, for each class of errors, an answer of Azure as its documents and public reports have it.
func addAnswers(t *testing.T, add func(name string, base func() Input, change func(*Input))) {
	data, err := os.ReadFile("../capacity/testdata/answers.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(data) + furtherAnswers) {
		parts := strings.SplitN(strings.TrimSpace(line), "|", 3)
		if strings.HasPrefix(line, "#") || len(parts) < 3 || strings.TrimSpace(parts[2]) == "" {
			continue
		}
		code, message := strings.TrimSpace(parts[1]), strings.TrimSpace(parts[2])
		class := capacity.Classify(code, message)
		if code == "OperationStuck" { // the executor classifies it itself
			class = capacity.ClassStuck
		}
		if seen[string(class)] {
			continue
		}
		seen[string(class)] = true
		add("Pool"+string(class), served, func(in *Input) {
			in.LiveNodes, in.Workload = nil, nil
			in.PoolErr = &capacity.CloudError{Class: class, Code: code, Message: message}
		})
	}
}
