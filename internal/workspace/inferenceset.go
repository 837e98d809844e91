// SPDX-License-Identifier: Apache-2.0

package workspace

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"syncer.dev/syncer/internal/wellknown"
)

// InferenceSet is a Workspace to be served several times over: one YAML document of kind InferenceSet, in either API
// version.
type InferenceSet struct {
	Key
	APIVersion     string
	Replicas       int
	NodeCountLimit *int
	UpdateStrategy map[string]any // a StatefulSetUpdateStrategy
	AutoUpgrade    *AutoUpgrade
	Annotations    map[string]string // of the set itself

	// Template is the first replica, which may not be wanted at all. All are alike but for their names.
	Template Workspace
}

// AutoUpgrade configures KAITO's upgrade of an InferenceSet to a newer base image.
type AutoUpgrade struct {
	Enabled  bool
	Strategy string // InPlace or Surge
	Window   *MaintenanceWindow
}

// MaintenanceWindow is when it may do so.
type MaintenanceWindow struct {
	Schedule string        // cron, in UTC
	Duration time.Duration // 0 when not given: 4 hours
}

// MaxReplicas bounds what one number in a file can ask for.
const MaxReplicas = 1000

// PodLabels are the labels of a Workspace that its pods have too, because programs select pods by them. KAITO copies
// them from an InferenceSet to its replicas, in addition to those of the template.
var PodLabels = []string{wellknown.LabelInferenceRole, wellknown.LabelMultiRole}

// RoleDecode is the role of servers that generate tokens for prompts that others have computed.
const RoleDecode = "decode"

// Roles are the values of the label of a role that KAITO knows.
var Roles = []string{"prefill", RoleDecode}

// ReplicaName is the name of a replica. KAITO appends five random letters; from Git alone only a number can follow.
func ReplicaName(set string, i int) string { return set + "-" + strconv.Itoa(i) }

// replicaOf returns the name of the InferenceSet that a Workspace of this name may be a replica of.
func replicaOf(name string) (set string, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i <= 0 {
		return "", false
	}
	_, err := strconv.Atoi(name[i+1:])
	return name[:i], err == nil
}

// ReplicaOf reports whether a Workspace of this name may be a replica of the InferenceSet.
func ReplicaOf(name, set string) bool {
	of, ok := replicaOf(name)
	return ok && of == set
}

// Replica returns the Workspace that replica i is.
func (s *InferenceSet) Replica(i int) Workspace {
	w := s.Template
	w.Name = ReplicaName(s.Name, i)
	w.Labels, w.Annotations = maps.Clone(w.Labels), maps.Clone(w.Annotations)
	return w
}

// InheritLabels returns the labels of a replica: those of the template, and those that KAITO passes on from the set.
func InheritLabels(template, set map[string]string) map[string]string {
	return inherit(template, set, func(key, _ string) bool { return slices.Contains(PodLabels, key) })
}

// InheritAnnotations returns the annotations of a replica: those of the template, those of the set that KAITO passes
// on, and those of the set that are syncer's own: "suspend" on a set suspends all its replicas.
func InheritAnnotations(template, set map[string]string) map[string]string {
	return inherit(template, set, func(key, value string) bool {
		return key == wellknown.AnnotationDisableBenchmark && value == "true" ||
			strings.HasPrefix(key, wellknown.PrefixSyncer)
	})
}

func inherit(template, set map[string]string, passes func(key, value string) bool) map[string]string {
	out := maps.Clone(template)
	for k, v := range set {
		if passes(k, v) {
			if out == nil {
				out = map[string]string{}
			}
			out[k] = v
		}
	}
	return out
}

// setPaths maps the fields of a Workspace to those of an InferenceSet; the first match counts.
var setPaths = []struct{ workspace, set string }{
	{"resource.labelSelector", "spec.labelSelector"},
	{"resource", "spec.template.resource"},
	{"inference", "spec.template.inference"},
	{"metadata.annotations", "spec.template.metadata.annotations"},
	{"metadata.labels", "spec.template.metadata.labels"},
}

// writtenInSet returns the path that a field of a Workspace has in an InferenceSet.
func writtenInSet(field string) string {
	for _, p := range setPaths {
		if rest, ok := strings.CutPrefix(field, p.workspace); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return p.set + rest
		}
	}
	return field
}
