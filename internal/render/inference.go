// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/render/overlay"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// inference returns the overlay of a Workspace that serves a preset.
func inference(w *workspace.Workspace, p preset.Preset, at Placement, o Options) (overlay.Overlay, error) {
	runtime := runtimeOf(w)
	switch {
	case w.Inference.Preset == nil:
		return overlay.Overlay{}, errors.New("inference needs a preset or a template")
	case !p.Supports(runtime):
		return overlay.Overlay{}, fmt.Errorf("preset %s cannot be served by %s", p.Name, runtime)
	case len(w.Inference.Adapters) > 0 && slices.Contains(p.NoAdapters, runtime):
		return overlay.Overlay{}, fmt.Errorf("%s cannot add adapters to preset %s", runtime, p.Name)
	}
	over := overlay.Overlay{Base: "base/inference", Workload: "StatefulSet"}
	spec := replicas(w, at)
	pod := newPod(w, at)
	pod.addRole(w)
	pod.probe = memo.Object{"failureThreshold": memo.Placeholder{Value: startupTries(p.Model.Counted())}}
	pod.pullSecrets = slices.Clone(w.Inference.Preset.Options.ImagePullSecrets)
	if secret := w.Inference.Preset.Options.ModelAccessSecret; secret != "" {
		pod.env = append(pod.env, token(secret))
	}

	if runtime == preset.Transformers {
		over.Components = append(over.Components, "components/transformers")
		pod.arg(transformersFlags(w, p).args()...)
	} else {
		pod.arg(vllmFlags(w, p, at, o).args()...)
		over.Components = append(over.Components, vllmComponents(w, p, at)...)
		if benchmark(w, p) && w.Downloads() && p.Revision != "" {
			// The tokenizer of the benchmark is that of the model, and not what its repository has by now.
			pod.env = append(pod.env, variable("MODEL_REPO", p.Repo), variable("MODEL_REVISION", p.Revision))
		}
		if at.Nodes > 1 {
			pod.env = append(pod.env, variable("RAY_CLUSTER_SIZE", strconv.Itoa(at.Nodes)), variable("RAY_LEADER", leader(w)))
		}
	}
	if image := w.Inference.Preset.ModelImage(); image != "" && localWeights(w) == "" {
		over.Components = append(over.Components, "components/model-image")
		pod.pullModel(image)
	}
	if err := mountWeights(&pod, spec, w, p, at, o); err != nil {
		return overlay.Overlay{}, err
	}
	mountConfig(&pod, w.Inference.Config, w, o)
	if err := addAdapters(&pod, w, runtime); err != nil {
		return overlay.Overlay{}, err
	}

	over.Patches = append(
		over.Patches,
		pod.patch("StatefulSet", w.Name, spec),
		service(w, runtime == preset.VLLM && !p.Pooling()),
		overlay.Rename("Service", overlay.BaseName+"-headless", overlay.Headless(w.Name)),
	)
	if profile := w.MIGProfile(); profile != "" {
		over.Patches = append(over.Patches, migToleration("StatefulSet", profile))
	}
	return over, nil
}

// runtimeOf is the runtime that the Workspace asks for. As in KAITO, anything but "transformers" means vLLM.
func runtimeOf(w *workspace.Workspace) preset.Runtime {
	if preset.Runtime(w.Annotations[workspace.AnnotationRuntime]) == preset.Transformers {
		return preset.Transformers
	}
	return preset.VLLM
}

// vllmComponents are the components that vLLM needs. The benchmark's probe replaces that of multi-node, so it comes
// later.
func vllmComponents(w *workspace.Workspace, p preset.Preset, at Placement) []string {
	var out []string
	if at.Nodes > 1 {
		out = append(out, "components/multi-node")
	}
	switch {
	case p.Pooling(): // the benchmark is a chat
		out = append(out, "components/pooling")
	case benchmark(w, p):
		out = append(out, "components/benchmark")
	}
	if p.CUDAToolkit {
		out = append(out, "components/cuda-toolkit")
	}
	return out
}

// benchmark reports whether the pod counts as started only once it has measured the model.
func benchmark(w *workspace.Workspace, p preset.Preset) bool {
	return !p.Pooling() && w.Annotations[wellknown.AnnotationDisableBenchmark] != "true"
}

// leader is the address of the first pod, which the other pods join.
func leader(w *workspace.Workspace) string {
	return fmt.Sprintf("%s-0.%s.%s.svc.cluster.local", w.Name, overlay.Headless(w.Name), w.Namespace)
}

// replicas is the spec of the StatefulSet with the number of nodes: one pod runs on each.
func replicas(w *workspace.Workspace, at Placement) memo.Object {
	if w.Suspended() || at.Paused {
		return memo.Object{"replicas": memo.Placeholder{Value: 0}}
	}
	return memo.Object{"replicas": memo.Placeholder{Value: at.Nodes}}
}

// startupTries is the number of probes, ten seconds apart, that a model may take to start: 15 minutes plus 18 seconds
// for each GiB of weights, at least half an hour and at most three hours; half an hour for an unknown size. These are
// KAITO's figures.
func startupTries(weightBytes int64) int {
	seconds := 30.0 * 60
	if weightBytes > 0 {
		seconds = min(max(15*60+18*float64(weightBytes)/(1<<30), 30*60), 180*60)
	}
	return int(math.Ceil(seconds / 10))
}

// localWeights is the folder of the node that already holds the model, if the Workspace has the annotation for it.
func localWeights(w *workspace.Workspace) string {
	if w.Annotations[wellknown.AnnotationLocalWeights] != "true" {
		return ""
	}
	return "/opt/kaito/models/" + strings.NewReplacer("/", "-", `\`, "-").Replace(strings.ToLower(w.PresetName()))
}

// storageClass is the storage class of volumes for weights that outlive their pod; empty to keep weights in the pod's
// own storage.
func storageClass(w *workspace.Workspace, at Placement, o Options) string {
	if class := w.Annotations[workspace.AnnotationWeightsClass]; class != "" {
		return class
	}
	if at.LocalNVMe {
		return o.NVMeStorageClass
	}
	return ""
}

// mountWeights mounts the volume for the weights: the node's folder, a volume of a storage class (of the node's local
// disks, or one that the Workspace names), or the pod's own storage.
func mountWeights(pod *pod, spec memo.Object, w *workspace.Workspace, p preset.Preset, at Placement, o Options) error {
	const name = "model-weights-volume"
	switch dir := localWeights(w); {
	case dir != "" && runtimeOf(w) == preset.VLLM:
		pod.volumes = append(
			pod.volumes,
			memo.Object{"name": "model-weights-hostpath", "hostPath": memo.Object{"path": dir, "type": "Directory"}},
		)
		pod.mounts = append(pod.mounts, memo.Object{"name": "model-weights-hostpath", "mountPath": dir, "readOnly": true})
		// The benchmark at the start needs the tokenizer, which is in the same folder.
		pod.env = append(pod.env, variable("KAITO_PROCESSOR", dir))
	case storageClass(w, at, o) != "":
		if p.DiskGiB < 1 {
			return fmt.Errorf("preset %s has no disk size", p.Name)
		}
		spec["volumeClaimTemplates"] = memo.List{memo.Object{
			"metadata": memo.Object{"name": name},
			"spec": memo.Object{
				"accessModes":      memo.List{"ReadWriteOnce"},
				"storageClassName": memo.Placeholder{Value: storageClass(w, at, o)},
				"resources": memo.Object{
					"requests": memo.Object{"storage": memo.Placeholder{Value: fmt.Sprintf("%dGi", p.DiskGiB)}},
				},
			},
		}}
		if w.Annotations[workspace.AnnotationWeightsClass] != "" {
			// It holds data that its author wants to keep. One on a local disk goes with its StatefulSet: it is bound to a node.
			spec["persistentVolumeClaimRetentionPolicy"] = memo.Object{"whenDeleted": "Retain", "whenScaled": "Retain"}
		}
		pod.mount(name, weightsDir)
	default:
		pod.volume(name, weightsDir, memo.Object{"emptyDir": memo.Object{}})
	}
	return nil
}

// service patches the Service that clients use. Only the first pod listens. A load balancer publishes the API alone:
// Ray, its dashboard and the stream of cache events have neither encryption nor authentication.
func service(w *workspace.Workspace, events bool) overlay.Patch {
	add := func(path string, v any) memo.Object { return memo.Object{"op": "add", "path": path, "value": v} }
	ops := memo.List{
		add("/spec/selector", memo.Object{"statefulset.kubernetes.io/pod-name": memo.Placeholder{Value: w.Name + "-0"}}),
	}
	if w.Annotations[wellknown.AnnotationLoadBalancer] == "True" {
		ops = append(ops, add("/spec/type", "LoadBalancer"), memo.Object{
			"op": "replace", "path": "/spec/ports",
			"value": memo.List{memo.Object{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 5000}},
		})
	} else if events {
		ops = append(
			ops,
			add("/spec/ports/-", memo.Object{"name": "kv-events", "port": 5557, "protocol": "TCP", "targetPort": 5557}),
		)
	}
	p := overlay.Rename("Service", overlay.BaseName, w.Name)
	p.Value = append(ops, p.Value.(memo.List)...)
	return p
}
