package render

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/workspace"
)

// Where things are mounted. The images and scripts of KAITO expect them there.
const (
	weightsDir = "/workspace/weights"
	configDir  = "/mnt/config"
	dataDir    = "/mnt/data"
	adapterDir = "/mnt/adapter"
)

// gpu is what a container asks for to get whole GPUs.
const gpu = "nvidia.com/gpu"

// pod is what a Workspace adds to the pod of its base. The zero value adds nothing.
type pod struct {
	args        list
	env         list
	mounts      list
	probe       object // merged into the startup probe
	volumes     list
	init        list
	initEnv     map[string]list // by name of an init container of a component
	initMounts  map[string]list // the same
	pullSecrets []string
	affinity    object
	gpus        int
	gpuResource string
	config      string // digest of what is read when it starts; empty when nothing is known of it
}

// newPod starts with what all presets have: GPUs, and the nodes to run on.
func newPod(w *workspace.Workspace, at Placement) pod {
	p := pod{gpus: at.GPUsPerNode, gpuResource: gpu, affinity: nodeAffinity(w, at), initEnv: map[string]list{}, initMounts: map[string]list{}}
	if profile := w.MIGProfile(); profile != "" {
		p.gpuResource = "nvidia.com/mig-" + profile
	}
	return p
}

// acceleratorCount is how many whole GPUs the Workspace takes of each node; 0 when it does not say.
func acceleratorCount(w *workspace.Workspace) int {
	if part := w.Resource.Partition; part != nil && part.Mode == "accelerator" && part.Count != nil {
		return *part.Count
	}
	return 0
}

// modelImage is the image that holds the model, when it is not to be downloaded from where it was published. As in KAITO, an
// image is looked at only if it is said to be private.
func modelImage(p *workspace.PresetSpec) string {
	if p.AccessMode == "private" {
		return p.Options.Image
	}
	return ""
}

// pullModel brings the weights from an image. The credentials are those that the pod itself pulls images with.
func (p *pod) pullModel(image string) {
	const container = "model-weights-downloader"
	env := list{variable("MODEL_IMAGE", image)}
	if len(p.pullSecrets) > 0 {
		const dir = "/root/.docker"
		// The tool reads one file. A model has one registry, and so one secret.
		p.volumes = append(p.volumes, object{"name": "model-registry-auth", "projected": object{"sources": list{object{"secret": object{
			"name": p.pullSecrets[0], "items": list{object{"key": ".dockerconfigjson", "path": "config.json"}},
		}}}}})
		p.initMounts[container] = list{object{"name": "model-registry-auth", "mountPath": dir, "readOnly": true}}
		env = append(env, variable("DOCKER_CONFIG", dir))
	}
	p.initEnv[container] = env
}

// literal protects a user's text from Kubernetes, which replaces $(NAME) in arguments and in values of variables by another
// variable, which may be a secret. Two dollar signs mean one.
func literal(s string) string { return strings.ReplaceAll(s, "$", "$$") }

func (p *pod) arg(args ...string) {
	for _, a := range args {
		p.args = append(p.args, literal(a))
	}
}

func variable(name, value string) object { return object{"name": name, "value": literal(value)} }

// volume adds a volume and mounts it in the main container. The source is the user's in some cases, so it is copied.
func (p *pod) volume(name, dir string, source object) {
	v := maps.Clone(source)
	if v == nil {
		v = object{}
	}
	v["name"] = name
	p.volumes = append(p.volumes, v)
	if dir != "" {
		p.mount(name, dir)
	}
}

func (p *pod) mount(name, dir string) {
	p.mounts = append(p.mounts, object{"name": name, "mountPath": dir})
}

// token lets a container download gated models. The secret may be missing: most models need none.
func token(secret string) object {
	return object{"name": "HF_TOKEN", "valueFrom": object{
		"secretKeyRef": object{"name": secret, "key": "HF_TOKEN", "optional": true},
	}}
}

// patch returns the pod as a strategic merge of the workload, which gets its name by it.
func (p *pod) patch(kind, to string, spec object) patch {
	count := hole{strconv.Itoa(p.gpus)}
	container := object{
		"name": mainContainer,
		"resources": object{
			"requests": object{p.gpuResource: count},
			"limits":   object{p.gpuResource: count},
		},
		"env":          elements{"name", p.env},
		"volumeMounts": elements{"mountPath", p.mounts},
	}
	if len(p.args) > 0 {
		container["args"] = list{hole{p.args}}
	}
	if p.probe != nil {
		container["startupProbe"] = p.probe
	}
	podSpec := object{
		"containers": list{container},
		"volumes":    elements{"name", p.volumes},
	}
	var init list
	if len(p.init) > 0 {
		init = append(init, alike(p.init))
	}
	for _, name := range slices.Sorted(maps.Keys(p.initEnv)) {
		init = append(init, object{
			"name": name, "env": elements{"name", p.initEnv[name]}, "volumeMounts": elements{"mountPath", p.initMounts[name]},
		})
	}
	if len(init) > 0 {
		podSpec["initContainers"] = init
	}
	var secrets list
	for i, name := range p.pullSecrets {
		if !slices.Contains(p.pullSecrets[:i], name) {
			secrets = append(secrets, object{"name": name})
		}
	}
	podSpec["imagePullSecrets"] = elements{"name", secrets}
	if p.affinity != nil {
		podSpec["affinity"] = p.affinity
	}
	config := hole{absent{}}
	if p.config != "" {
		config = hole{p.config}
	}
	tmpl := object{"spec": podSpec, "metadata": object{"annotations": object{annotationConfig: config}}}
	all := maps.Clone(spec)
	all["template"] = tmpl
	return patch{kind: kind, name: baseName, value: object{
		"apiVersion": apiVersion(kind), "kind": kind, "metadata": object{"name": name(to)}, "spec": all,
	}}
}

func apiVersion(kind string) string {
	if kind == "Job" {
		return "batch/v1"
	}
	return "apps/v1"
}

// migToleration lets the pod onto nodes that are tainted for a share of a GPU. The list of tolerations cannot be merged, only
// appended to.
func migToleration(kind, profile string) patch {
	return patch{kind: kind, value: list{object{
		"op": "add", "path": "/spec/template/spec/tolerations/-",
		"value": object{"key": "nvidia.com/mig-" + profile, "operator": "Exists", "effect": "NoSchedule"},
	}}}
}

// nodeAffinity requires the labels that the user chose, and the pool that was made for the Workspace, and prefers the nodes
// that the user named; nil when there is nothing to ask for, because Kubernetes refuses an empty list.
func nodeAffinity(w *workspace.Workspace, at Placement) object {
	in := func(key string, values ...any) object {
		return object{"key": key, "operator": "In", "values": list(values)}
	}
	var required list
	for _, key := range slices.Sorted(maps.Keys(at.NodeLabels)) {
		if !workspace.ReservedLabel(key) {
			required = append(required, in(key, at.NodeLabels[key]))
		}
	}
	if at.Pool != "" {
		required = append(required, in("kubernetes.azure.com/agentpool", at.Pool))
	}
	affinity := object{}
	if required != nil {
		affinity["requiredDuringSchedulingIgnoredDuringExecution"] = object{
			"nodeSelectorTerms": list{object{"matchExpressions": list{hole{required}}}},
		}
	}
	var names []any
	for _, name := range w.Resource.PreferredNodes {
		if name != "" {
			names = append(names, name)
		}
	}
	if names != nil {
		affinity["preferredDuringSchedulingIgnoredDuringExecution"] = list{object{
			"weight": 100, "preference": object{"matchExpressions": list{hole{list{in("kubernetes.io/hostname", names...)}}}},
		}}
	}
	if len(affinity) == 0 {
		return nil
	}
	return object{"nodeAffinity": affinity}
}
