// SPDX-License-Identifier: Apache-2.0

package podpolicy

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Exception is a field that the built-in presets, or KAITO's own schema, need beyond a level or a list. It holds for
// the value that the built-in presets give it, and for no other.
type Exception struct {
	Field string // in the pod spec
	Needs string // which part of the built-in presets, or which field of KAITO's schema
	Level Level  // the highest level that would refuse it; empty for the list policy.pods.secrets

	checks []string                 // of Pod Security
	holds  func(Finding, pods) bool // whether the final pod uses it as the built-in one does
}

// pods are the pod that is judged, and the one that the built-in presets alone give.
type pods struct{ final, builtIn map[string]any }

// Exceptions lists all exceptions. A field that is not in the list is judged wherever it comes from.
var Exceptions = []Exception{
	{
		Field:  "volumes[name=cuda-toolkit-hostpath].hostPath",
		Needs:  "component cuda-toolkit: a CUDA toolkit on the node, which its own init container installs",
		Level:  Baseline,
		checks: []string{"hostPathVolumes", "restrictedVolumes"},
		holds:  builtInVolume("cuda-toolkit-hostpath"),
	},
	{
		Field:  "volumes[name=model-weights-hostpath].hostPath",
		Needs:  "annotation for weights that the node already holds; mounted read-only",
		Level:  Baseline,
		checks: []string{"hostPathVolumes", "restrictedVolumes"},
		holds:  builtInVolume("model-weights-hostpath"),
	},
	{
		Field:  "containers[].securityContext.runAsNonRoot, initContainers[].securityContext.runAsNonRoot",
		Needs:  "the images of KAITO run as root",
		Level:  Restricted,
		checks: []string{"runAsNonRoot"},
		holds:  builtInContainer,
	},
	{
		Field:  "containers[].securityContext.capabilities.drop, initContainers[].securityContext.capabilities.drop",
		Needs:  "the images of KAITO write to folders of other users",
		Level:  Restricted,
		checks: []string{"capabilities_restricted"},
		holds:  builtInContainer,
	},
	{
		Field: "containers[].env[name=HF_TOKEN], initContainers[].env[name=HF_TOKEN]",
		Needs: "presetOptions.modelAccessSecret; only the key HF_TOKEN",
		holds: builtInToken,
	},
	{
		Field: "imagePullSecrets",
		Needs: "presetOptions.imagePullSecrets, and imagePullSecrets of adapters and of tuning.input",
		holds: builtInPullSecret,
	},
	{
		Field: "volumes[name=model-registry-auth], volumes[name=puller*]",
		Needs: "the same Secrets, for containers that unpack images; only the key .dockerconfigjson",
		holds: builtInSecretVolume,
	},
	{
		Field: "volumes[name=docker-config]",
		Needs: "tuning.output.imagePushSecret; only the key .dockerconfigjson",
		holds: builtInSecretVolume,
	},
}

// Exempt returns the findings that remain once the exceptions are taken into account. builtIn is the same object as the
// built-in presets alone make it, without templates, patches and presets of the repository; nil if there is none.
func Exempt(found []Finding, final, builtIn map[string]any) []Finding {
	if builtIn == nil {
		return found
	}
	return slices.DeleteFunc(slices.Clone(found), func(f Finding) bool {
		both := pods{final: mapping(at(final, f.pod)), builtIn: mapping(at(builtIn, f.pod))}
		if f.pod == nil || both.final == nil || both.builtIn == nil {
			return false
		}
		return slices.ContainsFunc(Exceptions, func(e Exception) bool {
			if f.check == "" {
				return e.Level == "" && f.names("Secret") && e.holds(f, both)
			}
			return slices.Contains(e.checks, f.check) && e.holds(f, both)
		})
	})
}

func (f Finding) names(kind string) bool { return strings.HasPrefix(f.Message, kind+" ") }

// below returns the steps of the finding's field in its pod spec.
func (f Finding) below() Path { return f.Path[len(f.pod):] }

// builtInVolume holds for a volume that is the built-in one, if every container that can write to it is as well.
func builtInVolume(name string) func(Finding, pods) bool {
	return func(f Finding, both pods) bool {
		v, ok := f.volume(both)
		return ok && v == name && both.mountsOf(name, func(c, _, mount map[string]any) bool {
			return mount["readOnly"] == true
		})
	}
}

// volume returns the name of the finding's volume, and whether it equals the built-in one.
func (f Finding) volume(both pods) (string, bool) {
	below := f.below()
	if len(below) < 2 || below[0] != "volumes" {
		return "", false
	}
	v := mapping(at(both.final, below[:2]))
	name := text(v["name"])
	return name, name != "" && reflect.DeepEqual(v, named(list(both.builtIn["volumes"]), name))
}

// mountsOf reports whether every container that mounts a volume is the built-in one, or mounts it in a way that is
// harmless. harmless gets the container, the built-in one of its name (nil for none) and the mount.
func (both pods) mountsOf(volume string, harmless func(c, builtIn, mount map[string]any) bool) bool {
	if both.final["shareProcessNamespace"] == true { // then each container reaches the files of all others
		return false
	}
	for _, field := range []string{"initContainers", "containers", "ephemeralContainers"} {
		for _, item := range list(both.final[field]) {
			c := mapping(item)
			original := named(list(both.builtIn[field]), text(c["name"]))
			for _, m := range list(c["volumeMounts"]) {
				mount := mapping(m)
				if text(mount["name"]) == volume && !sameContainer(c, original) && !harmless(c, original, mount) {
					return false
				}
			}
		}
	}
	return true
}

// builtInContainer holds for a container that is the built-in one, in a pod with the built-in security context.
func builtInContainer(f Finding, both pods) bool {
	below := f.below()
	if len(below) < 2 || !reflect.DeepEqual(both.final["securityContext"], both.builtIn["securityContext"]) {
		return false
	}
	c := mapping(at(both.final, below[:2]))
	return sameContainer(c, named(list(both.builtIn[text(below[0])]), text(c["name"])))
}

// sameContainer reports whether a container runs what the built-in one runs. Only its resources may differ.
func sameContainer(c, builtIn map[string]any) bool {
	if builtIn == nil {
		return false
	}
	c, builtIn = maps.Clone(c), maps.Clone(builtIn)
	delete(c, "resources")
	delete(builtIn, "resources")
	return reflect.DeepEqual(c, builtIn)
}

// builtInToken holds for the variable with which the container of that name downloads a model.
func builtInToken(f Finding, both pods) bool {
	below := f.below()
	if len(below) < 4 || below[2] != "env" {
		return false
	}
	variable := mapping(at(both.final, below[:4]))
	original := named(list(both.builtIn[text(below[0])]), text(mapping(at(both.final, below[:2]))["name"]))
	return text(variable["name"]) == "HF_TOKEN" &&
		reflect.DeepEqual(variable, named(list(original["env"]), "HF_TOKEN"))
}

func builtInPullSecret(f Finding, both pods) bool {
	below := f.below()
	return len(below) == 3 && below[0] == "imagePullSecrets" &&
		named(list(both.builtIn["imagePullSecrets"]), text(at(both.final, below))) != nil
}

// builtInSecretVolume holds for the volumes with credentials of registries, if only the containers that have them in
// the built-in pod mount them.
func builtInSecretVolume(f Finding, both pods) bool {
	name, ok := f.volume(both)
	ours := name == "model-registry-auth" || name == "docker-config" || strings.HasPrefix(name, "puller")
	return ok && ours && both.mountsOf(name, func(_, builtIn, mount map[string]any) bool {
		return slices.ContainsFunc(list(builtIn["volumeMounts"]), func(m any) bool {
			return reflect.DeepEqual(m, any(mount))
		})
	})
}

// named returns the item of a list with the name, or nil.
func named(items []any, name string) map[string]any {
	for _, item := range items {
		if m := mapping(item); name != "" && text(m["name"]) == name {
			return m
		}
	}
	return nil
}
