// SPDX-License-Identifier: Apache-2.0

package podpolicy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"syncer.dev/syncer/internal/diag"
)

// securityCheck is a check of the Pod Security Standards in its latest version.
type securityCheck struct {
	id    string
	allow policy.CheckPodFn
}

// checksOf returns the checks of a level, as Kubernetes' own admission composes them: those of restricted include those
// of baseline, except the ones that they override.
var checksOf = func() func(Level) []securityCheck {
	byLevel := sync.OnceValue(func() map[Level][]securityCheck {
		overridden := map[policy.CheckID]bool{}
		for _, c := range policy.DefaultChecks() {
			for _, id := range c.Versions[len(c.Versions)-1].OverrideCheckIDs {
				overridden[id] = true
			}
		}
		out := map[Level][]securityCheck{}
		for _, c := range policy.DefaultChecks() {
			check := securityCheck{id: string(c.ID), allow: c.Versions[len(c.Versions)-1].CheckPod}
			if c.Level == api.LevelBaseline {
				out[Baseline] = append(out[Baseline], check)
			}
			if c.Level == api.LevelRestricted || !overridden[c.ID] {
				out[Restricted] = append(out[Restricted], check)
			}
		}
		return out
	})
	return func(l Level) []securityCheck { return byLevel()[l] }
}()

// securityFields says which fields each check looks at, in the pod and in each container. A check decides; these only
// say where it found the fault. Volumes are named by themselves.
var securityFields = map[string]struct{ pod, container []string }{
	"hostNamespaces":  {pod: []string{"hostNetwork", "hostPID", "hostIPC"}},
	"hostPorts":       {container: []string{"ports[].hostPort"}},
	"privileged":      {container: []string{"securityContext.privileged"}},
	"procMount":       {container: []string{"securityContext.procMount"}},
	"sysctls":         {pod: []string{"securityContext.sysctls[].name"}},
	"appArmorProfile": everywhere("securityContext.appArmorProfile.type"),
	"seLinuxOptions": everywhere(
		"securityContext.seLinuxOptions.type",
		"securityContext.seLinuxOptions.user",
		"securityContext.seLinuxOptions.role",
	),
	"seccompProfile_baseline":   everywhere("securityContext.seccompProfile.type"),
	"seccompProfile_restricted": everywhere("securityContext.seccompProfile.type"),
	"windowsHostProcess":        everywhere("securityContext.windowsOptions.hostProcess"),
	"runAsNonRoot":              everywhere("securityContext.runAsNonRoot"),
	"runAsUser":                 everywhere("securityContext.runAsUser"),
	"procMount_restricted":      {container: []string{"securityContext.procMount"}},
	"allowPrivilegeEscalation":  {container: []string{"securityContext.allowPrivilegeEscalation"}},
	"capabilities_baseline":     {container: []string{"securityContext.capabilities.add"}},
	"capabilities_restricted": {
		container: []string{"securityContext.capabilities.add", "securityContext.capabilities.drop"},
	},
	"hostProbesAndHostLifecycle": {container: []string{
		"livenessProbe.httpGet.host", "readinessProbe.httpGet.host", "startupProbe.httpGet.host",
		"livenessProbe.tcpSocket.host", "readinessProbe.tcpSocket.host", "startupProbe.tcpSocket.host",
		"lifecycle.postStart.httpGet.host", "lifecycle.preStop.httpGet.host",
		"lifecycle.postStart.tcpSocket.host", "lifecycle.preStop.tcpSocket.host",
	}},
}

func everywhere(fields ...string) struct{ pod, container []string } {
	return struct{ pod, container []string }{fields, fields}
}

// judgeSecurity applies the checks of a level to one pod.
func (p Policy) judgeSecurity(pod pod, spec *corev1.PodSpec, checks []securityCheck) []Finding {
	var out []Finding
	for _, check := range checks {
		result := check.allow(pod.annotations(), spec)
		if result.Allowed {
			continue
		}
		places := check.places(pod, spec)
		if len(places) == 0 {
			places = []place{{Path{}, result}}
		}
		for _, found := range places {
			out = append(out, Finding{
				Reason:  diag.PodNotAllowed,
				Path:    found.path(pod),
				Message: fmt.Sprintf("policy.pods.level %s does not admit it: %s", p.level(), found.why()),
				Hint: fmt.Sprintf("use what Kubernetes' Pod Security Standards admit at level %s, or set policy.pods.level",
					p.level()),
				check: check.id,
				pod:   pod.path,
			})
		}
	}
	return out
}

// place is a part of a pod that a check refuses on its own.
type place struct {
	field  Path // relative to the pod spec
	result policy.CheckResult
}

// annotationStep marks the field of a place that lies in the metadata of the pod.
const annotationStep = "\x00metadata"

func (f place) path(pod pod) Path {
	if len(f.field) > 0 && f.field[0] == annotationStep {
		return pod.metaPath.with(f.field[1:]...)
	}
	return pod.path.with(f.field...)
}

func (f place) why() string {
	if f.result.ForbiddenDetail == "" {
		return f.result.ForbiddenReason
	}
	return f.result.ForbiddenReason + " (" + f.result.ForbiddenDetail + ")"
}

// places finds the parts of a pod that a check refuses: it asks the check again about the pod without containers and
// volumes, and about each of these on its own.
func (c securityCheck) places(pod pod, spec *corev1.PodSpec) []place {
	fields := securityFields[c.id]
	shell := *spec
	shell.InitContainers, shell.Containers, shell.EphemeralContainers, shell.Volumes = nil, nil, nil, nil
	var out []place
	noMeta := &metav1.ObjectMeta{}
	shellResult := c.allow(noMeta, &shell)
	if !shellResult.Allowed {
		out = append(out, here(pod.spec, nil, fields.pod, shellResult)...)
	}
	annotations := pod.annotations().Annotations
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		one := &metav1.ObjectMeta{Annotations: map[string]string{key: annotations[key]}}
		if r := c.allow(one, &corev1.PodSpec{OS: spec.OS}); !r.Allowed {
			out = append(out, place{Path{annotationStep, "annotations", key}, r})
		}
	}
	for i, v := range spec.Volumes {
		if r := c.allow(noMeta, &corev1.PodSpec{OS: spec.OS, Volumes: []corev1.Volume{v}}); !r.Allowed {
			out = append(out, place{volumeField(pod.spec, i), r})
		}
	}
	for _, each := range containersOf(spec) {
		alone := shell
		if !shellResult.Allowed { // then the container counts only for what it says itself
			alone = corev1.PodSpec{OS: spec.OS, HostUsers: spec.HostUsers}
		}
		alone.Containers = []corev1.Container{each.container}
		r := c.allow(noMeta, &alone)
		if r.Allowed {
			continue
		}
		where := Path{each.list, each.index}
		if !shellResult.Allowed && len(present(at(pod.spec, where), fields.container)) == 0 {
			continue
		}
		out = append(out, here(at(pod.spec, where), where, fields.container, r)...)
	}
	return out
}

// here returns the fields of a part that a check looks at; the first of them where none is given.
func here(part any, where Path, fields []string, r policy.CheckResult) []place {
	var out []place
	for _, p := range present(part, fields) {
		out = append(out, place{where.with(p...), r})
	}
	if len(out) > 0 {
		return out
	}
	if len(fields) == 0 {
		return []place{{where, r}}
	}
	missing := where.with()
	for step := range strings.SplitSeq(cmp.Or(fields[len(fields)-1]), ".") {
		missing = append(missing, step)
	}
	return []place{{missing, r}}
}

// present returns the fields that are given and not false.
func present(part any, fields []string) []Path {
	var out []Path
	for _, field := range fields {
		for _, p := range find(part, field) {
			if at(part, p) != false || strings.HasSuffix(field, "runAsNonRoot") {
				out = append(out, p)
			}
		}
	}
	return out
}

// volumeField returns the path of the source of a volume, such as volumes[0].hostPath.
func volumeField(spec map[string]any, i int) Path {
	where := Path{"volumes", i}
	for _, key := range slices.Sorted(maps.Keys(mapping(at(spec, where)))) {
		if key != "name" {
			return where.with(key)
		}
	}
	return where
}

// listedContainer is a container with its place in the spec.
type listedContainer struct {
	list      string
	index     int
	container corev1.Container
}

func containersOf(spec *corev1.PodSpec) []listedContainer {
	var out []listedContainer
	for i, c := range spec.InitContainers {
		out = append(out, listedContainer{"initContainers", i, c})
	}
	for i, c := range spec.Containers {
		out = append(out, listedContainer{"containers", i, c})
	}
	for i := range spec.EphemeralContainers {
		c := corev1.Container(spec.EphemeralContainers[i].EphemeralContainerCommon)
		out = append(out, listedContainer{"ephemeralContainers", i, c})
	}
	return out
}
