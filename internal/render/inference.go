package render

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// inference is the overlay of a preset that is served.
func inference(w *workspace.Workspace, p preset.Preset, at Placement, o Options) (overlay, error) {
	runtime := runtimeOf(w)
	switch {
	case w.Inference.Preset == nil:
		return overlay{}, errors.New("inference needs a preset or a template")
	case !p.Supports(runtime):
		return overlay{}, fmt.Errorf("preset %s cannot be served by %s", p.Name, runtime)
	case len(w.Inference.Adapters) > 0 && slices.Contains(p.NoAdapters, runtime):
		return overlay{}, fmt.Errorf("%s cannot add adapters to preset %s", runtime, p.Name)
	}
	over := overlay{base: "base/inference", workload: "StatefulSet"}
	spec := replicas(w, at)
	pod := newPod(w, at)
	pod.probe = object{"failureThreshold": hole{startupTries(p.Model.WeightBytes)}}
	pod.pullSecrets = slices.Clone(w.Inference.Preset.Options.ImagePullSecrets)
	if secret := w.Inference.Preset.Options.ModelAccessSecret; secret != "" {
		pod.env = append(pod.env, token(secret))
	}

	if runtime == preset.Transformers {
		over.components = append(over.components, "components/transformers")
		pod.arg(transformersFlags(w, p).args()...)
	} else {
		pod.arg(vllmFlags(w, p, at).args()...)
		over.components = append(over.components, vllmComponents(w, p, at)...)
		if at.Nodes > 1 {
			pod.env = append(pod.env, variable("RAY_CLUSTER_SIZE", strconv.Itoa(at.Nodes)), variable("RAY_LEADER", leader(w)))
		}
	}
	if image := modelImage(w.Inference.Preset); image != "" && localWeights(w) == "" {
		over.components = append(over.components, "components/model-image")
		pod.pullModel(image)
	}
	if err := mountWeights(&pod, spec, w, p, at, o); err != nil {
		return overlay{}, err
	}
	mountConfig(&pod, w.Inference.Config, w, o)
	if err := addAdapters(&pod, w, runtime); err != nil {
		return overlay{}, err
	}

	over.patches = append(over.patches, pod.patch("StatefulSet", w.Name, spec), service(w, runtime == preset.VLLM), rename("Service", baseName+"-headless", headless(w.Name)))
	if profile := w.MIGProfile(); profile != "" {
		over.patches = append(over.patches, migToleration("StatefulSet", profile))
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

// vllmComponents are the parts of the catalogue that vLLM needs. The probe that measures the model replaces the one for
// several nodes, so it comes after it.
func vllmComponents(w *workspace.Workspace, p preset.Preset, at Placement) []string {
	var out []string
	if at.Nodes > 1 {
		out = append(out, "components/multi-node")
	}
	if w.Annotations[annotationBenchmark] != "true" {
		out = append(out, "components/benchmark")
	}
	if p.CUDAToolkit {
		out = append(out, "components/cuda-toolkit")
	}
	return out
}

// leader is the address of the first pod, at which the others join it.
func leader(w *workspace.Workspace) string {
	return fmt.Sprintf("%s-0.%s.%s.svc.cluster.local", w.Name, headless(w.Name), w.Namespace)
}

// replicas is the part of the StatefulSet that says how many nodes the model takes.
func replicas(w *workspace.Workspace, at Placement) object {
	if w.Suspended() {
		return object{"replicas": hole{0}}
	}
	return object{"replicas": hole{at.Nodes}}
}

// startupTries is how many probes, ten seconds apart, a model may take to start: 15 minutes and 18 seconds for each GiB of
// weights, between half an hour and three hours, and half an hour when their size is not known. These are KAITO's figures.
func startupTries(weightBytes int64) int {
	seconds := 30.0 * 60
	if weightBytes > 0 {
		seconds = min(max(15*60+18*float64(weightBytes)/(1<<30), 30*60), 180*60)
	}
	return int(math.Ceil(seconds / 10))
}

// localWeights is the folder of the node that already holds the model, when the Workspace says so.
func localWeights(w *workspace.Workspace) string {
	if w.Annotations[annotationLocalWeights] != "true" {
		return ""
	}
	return "/opt/kaito/models/" + strings.NewReplacer("/", "-", `\`, "-").Replace(strings.ToLower(w.PresetName()))
}

// storageClass is that of the volumes in which weights outlive their pod; empty when they are kept in the pod's own storage.
func storageClass(w *workspace.Workspace, at Placement, o Options) string {
	if class := w.Annotations[workspace.AnnotationWeightsClass]; class != "" {
		return class
	}
	if at.LocalNVMe {
		return o.NVMeStorageClass
	}
	return ""
}

// mountWeights gives the model a place for its weights: what is on the node, a volume of a storage class (that of the node's
// own disks, or one that the Workspace names), or the pod's storage.
func mountWeights(pod *pod, spec object, w *workspace.Workspace, p preset.Preset, at Placement, o Options) error {
	const name = "model-weights-volume"
	switch dir := localWeights(w); {
	case dir != "" && runtimeOf(w) == preset.VLLM:
		pod.volumes = append(pod.volumes, object{"name": "model-weights-hostpath", "hostPath": object{"path": dir, "type": "Directory"}})
		pod.mounts = append(pod.mounts, object{"name": "model-weights-hostpath", "mountPath": dir, "readOnly": true})
		// The measurement at the start needs the tokenizer, which is there as well.
		pod.env = append(pod.env, variable("KAITO_PROCESSOR", dir))
	case storageClass(w, at, o) != "":
		if p.DiskGiB < 1 {
			return fmt.Errorf("preset %s does not say how much disk it needs", p.Name)
		}
		spec["volumeClaimTemplates"] = list{object{
			"metadata": object{"name": name},
			"spec": object{
				"accessModes":      list{"ReadWriteOnce"},
				"storageClassName": hole{storageClass(w, at, o)},
				"resources":        object{"requests": object{"storage": hole{fmt.Sprintf("%dGi", p.DiskGiB)}}},
			},
		}}
		pod.mount(name, weightsDir)
	default:
		pod.volume(name, weightsDir, object{"emptyDir": object{}})
	}
	return nil
}

// service is the patch of the Service that clients use. Only the first pod listens. The stream of cache events is neither
// encrypted nor authenticated, so it is not offered to the outside.
func service(w *workspace.Workspace, events bool) patch {
	add := func(path string, v any) object { return object{"op": "add", "path": path, "value": v} }
	ops := list{add("/spec/selector", object{"statefulset.kubernetes.io/pod-name": hole{w.Name + "-0"}})}
	if w.Annotations[annotationLoadBalancer] == "True" {
		ops = append(ops, add("/spec/type", "LoadBalancer"))
	} else if events {
		ops = append(ops, add("/spec/ports/-", object{"name": "kv-events", "port": 5557, "protocol": "TCP", "targetPort": 5557}))
	}
	p := rename("Service", baseName, w.Name)
	p.value = append(ops, p.value.(list)...)
	return p
}
