// SPDX-License-Identifier: Apache-2.0

package render

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/render/memo"
	"syncer.dev/syncer/internal/render/overlay"
	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Mount paths. The images and scripts of KAITO expect them.
const (
	weightsDir = "/workspace/weights"
	configDir  = "/mnt/config"
	dataDir    = "/mnt/data"
	adapterDir = "/mnt/adapter"
)

// gpu is the resource of whole GPUs.
const gpu = wellknown.ResourceGPU

// pod collects the Workspace's changes to the pod of its base. The zero value changes nothing.
type pod struct {
	args        memo.List
	env         memo.List
	mounts      memo.List
	probe       memo.Object // merged into the startup probe
	volumes     memo.List
	init        memo.List
	initEnv     map[string]memo.List // by name of an init container of a component
	initMounts  map[string]memo.List // the same
	pullSecrets []string
	affinity    memo.Object
	gpus        int
	gpuResource string
	labels      memo.Object // of the pods, by key; those that the Workspace lacks are omitted
	config      string      // digest of the configuration that the pod reads when it starts; empty if unknown
}

// newPod returns a pod with the parts that all presets have: GPUs and node affinity.
func newPod(w *workspace.Workspace, at Placement) pod {
	p := pod{
		gpus:        at.GPUsPerNode,
		gpuResource: gpu,
		affinity:    nodeAffinity(w, at),
		initEnv:     map[string]memo.List{},
		initMounts:  map[string]memo.List{},
	}
	if profile := w.MIGProfile(); profile != "" {
		p.gpuResource = wellknown.ResourceMIG + profile
	}
	return p
}

// acceleratorCount is the number of whole GPUs that the Workspace requests on each node; 0 if it requests none.
func acceleratorCount(w *workspace.Workspace) int {
	if part := w.Resource.Partition; part != nil && part.Mode == "accelerator" && part.Count != nil {
		return *part.Count
	}
	return 0
}

// pullModel copies the weights out of an image, with the credentials of the pod's own image pulls.
func (p *pod) pullModel(image string) {
	const container = "model-weights-downloader"
	env := memo.List{variable("MODEL_IMAGE", image)}
	if len(p.pullSecrets) > 0 {
		const dir = "/root/.docker"
		// The tool reads one file: a model has one registry, so one secret is enough.
		p.volumes = append(
			p.volumes,
			memo.Object{
				"name": "model-registry-auth",
				"projected": memo.Object{"sources": memo.List{memo.Object{"secret": memo.Object{
					"name": p.pullSecrets[0], "items": memo.List{memo.Object{"key": ".dockerconfigjson", "path": "config.json"}},
				}}}},
			},
		)
		p.initMounts[container] = memo.List{memo.Object{"name": "model-registry-auth", "mountPath": dir, "readOnly": true}}
		env = append(env, variable("DOCKER_CONFIG", dir))
	}
	p.initEnv[container] = env
}

// literal escapes a user's text: Kubernetes replaces $(NAME) in arguments and in values of variables by another
// variable, which may be a secret. Two dollar signs mean one.
func literal(s string) string { return strings.ReplaceAll(s, "$", "$$") }

func (p *pod) arg(args ...string) {
	for _, a := range args {
		p.args = append(p.args, literal(a))
	}
}

func variable(name, value string) memo.Object {
	return memo.Object{"name": name, "value": literal(value)}
}

// volume adds a volume and mounts it in the main container. It copies source, which may belong to the Workspace.
func (p *pod) volume(name, dir string, source memo.Object) {
	v := maps.Clone(source)
	if v == nil {
		v = memo.Object{}
	}
	v["name"] = name
	p.volumes = append(p.volumes, v)
	if dir != "" {
		p.mount(name, dir)
	}
}

func (p *pod) mount(name, dir string) {
	p.mounts = append(p.mounts, memo.Object{"name": name, "mountPath": dir})
}

// token is the variable with which a container downloads gated models. The secret may be missing: most models are not
// gated.
func token(secret string) memo.Object {
	return memo.Object{"name": "HF_TOKEN", "valueFrom": memo.Object{
		"secretKeyRef": memo.Object{"name": secret, "key": "HF_TOKEN", "optional": true},
	}}
}

// patch returns the pod as a strategic merge patch of the workload, which also renames the workload.
func (p *pod) patch(kind, to string, spec memo.Object) overlay.Patch {
	count := memo.Placeholder{Value: strconv.Itoa(p.gpus)}
	container := memo.Object{
		"name": overlay.MainContainer,
		"resources": memo.Object{
			"requests": memo.Object{p.gpuResource: count},
			"limits":   memo.Object{p.gpuResource: count},
		},
		"env":          memo.ListPlaceholder{Key: "name", Items: p.env},
		"volumeMounts": memo.ListPlaceholder{Key: "mountPath", Items: p.mounts},
	}
	if len(p.args) > 0 {
		container["args"] = memo.List{memo.Placeholder{Value: p.args}}
	}
	if p.probe != nil {
		container["startupProbe"] = p.probe
	}
	podSpec := memo.Object{
		"containers": memo.List{container},
		"volumes":    memo.ListPlaceholder{Key: "name", Items: p.volumes},
	}
	var init memo.List
	if len(p.init) > 0 {
		init = append(init, memo.Repeated(p.init))
	}
	for _, name := range slices.Sorted(maps.Keys(p.initEnv)) {
		init = append(init, memo.Object{
			"name":         name,
			"env":          memo.ListPlaceholder{Key: "name", Items: p.initEnv[name]},
			"volumeMounts": memo.ListPlaceholder{Key: "mountPath", Items: p.initMounts[name]},
		})
	}
	if len(init) > 0 {
		podSpec["initContainers"] = init
	}
	var secrets memo.List
	for i, name := range p.pullSecrets {
		if !slices.Contains(p.pullSecrets[:i], name) {
			secrets = append(secrets, memo.Object{"name": name})
		}
	}
	podSpec["imagePullSecrets"] = memo.ListPlaceholder{Key: "name", Items: secrets}
	if p.affinity != nil {
		podSpec["affinity"] = p.affinity
	}
	config := memo.Placeholder{Value: memo.Omit{}}
	if p.config != "" {
		config = memo.Placeholder{Value: p.config}
	}
	meta := memo.Object{"annotations": memo.Object{annotationConfig: config}}
	if p.labels != nil {
		meta["labels"] = p.labels
	}
	tmpl := memo.Object{"spec": podSpec, "metadata": meta}
	all := maps.Clone(spec)
	all["template"] = tmpl
	return overlay.Patch{Kind: kind, Name: overlay.BaseName, Value: memo.Object{
		"apiVersion": apiVersion(kind), "kind": kind, "metadata": memo.Object{"name": memo.RefPlaceholder(to)}, "spec": all,
	}}
}

func apiVersion(kind string) string {
	if kind == "Job" {
		return "batch/v1"
	}
	return "apps/v1"
}

// migToleration tolerates the taint of nodes with MIG slices. A strategic merge cannot extend the list of
// tolerations, so it is a JSON patch.
func migToleration(kind, profile string) overlay.Patch {
	return overlay.Patch{Kind: kind, Value: memo.List{memo.Object{
		"op": "add", "path": "/spec/template/spec/tolerations/-",
		"value": memo.Object{"key": wellknown.ResourceMIG + profile, "operator": "Exists", "effect": "NoSchedule"},
	}}}
}

// nodeAffinity requires the user's node labels and the Workspace's pool, and prefers the user's preferred nodes. It
// is nil without any of them, because Kubernetes refuses an empty list.
func nodeAffinity(w *workspace.Workspace, at Placement) memo.Object {
	in := func(key string, values ...any) memo.Object {
		return memo.Object{"key": key, "operator": "In", "values": memo.List(values)}
	}
	var required memo.List
	for _, key := range slices.Sorted(maps.Keys(at.NodeLabels)) {
		if !workspace.ReservedLabel(key) {
			required = append(required, in(key, at.NodeLabels[key]))
		}
	}
	switch at.Claimed {
	case "":
	case wellknown.LabelKarpenterWorkspace:
		required = append(required, in(at.Claimed, w.Name), in(wellknown.LabelKarpenterWorkspaceNamespace, w.Namespace))
	default:
		required = append(required, in(at.Claimed, w.Name), in(wellknown.LabelWorkspaceNamespace, w.Namespace))
	}
	if at.Pool != "" {
		required = append(required, in(wellknown.LabelAgentPool, at.Pool))
	}
	affinity := memo.Object{}
	if required != nil {
		affinity["requiredDuringSchedulingIgnoredDuringExecution"] = memo.Object{
			"nodeSelectorTerms": memo.List{memo.Object{"matchExpressions": memo.List{memo.Placeholder{Value: required}}}},
		}
	}
	var names []any
	for _, name := range w.Resource.PreferredNodes {
		if name != "" {
			names = append(names, name)
		}
	}
	if names != nil {
		hostnames := memo.Placeholder{Value: memo.List{in("kubernetes.io/hostname", names...)}}
		affinity["preferredDuringSchedulingIgnoredDuringExecution"] = memo.List{memo.Object{
			"weight": 100, "preference": memo.Object{"matchExpressions": memo.List{hostnames}},
		}}
	}
	if len(affinity) == 0 {
		return nil
	}
	return memo.Object{"nodeAffinity": affinity}
}
