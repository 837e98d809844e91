package workspace

import (
	"maps"
	"strconv"
	"strings"
	"time"
)

// InferenceSet is a Workspace to be served several times over: one YAML document of kind InferenceSet, in either API version.
type InferenceSet struct {
	Key
	APIVersion     string
	Replicas       int
	NodeCountLimit *int
	UpdateStrategy map[string]any // a StatefulSetUpdateStrategy
	AutoUpgrade    *AutoUpgrade

	// Template is the first replica, which may not be wanted at all. All are alike but for their names.
	Template Workspace
}

// AutoUpgrade is how KAITO moves an InferenceSet to a newer base image by itself.
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

// maxReplicas bounds what one number in a file can ask for.
const maxReplicas = 1000

// Labels and annotations that KAITO copies from an InferenceSet, besides those of its template.
const (
	labelCreatedBy             = "inferenceset.kaito.sh/created-by"
	labelInferenceRole         = "kaito.sh/inference-role"
	labelMultiRole             = "multiroleinference.kaito.sh/created-by"
	annotationDisableBenchmark = "kaito.sh/disable-benchmark"
)

// replicaName is the name of a replica. KAITO appends five random letters; from Git alone only a number can follow.
func replicaName(set string, i int) string { return set + "-" + strconv.Itoa(i) }

// replicaOf returns the name of the InferenceSet that a Workspace of this name may be a replica of.
func replicaOf(name string) (set string, ok bool) {
	i := strings.LastIndexByte(name, '-')
	if i <= 0 {
		return "", false
	}
	_, err := strconv.Atoi(name[i+1:])
	return name[:i], err == nil
}

// replica returns the Workspace that replica i is.
func (s *InferenceSet) replica(i int) Workspace {
	w := s.Template
	w.Name = replicaName(s.Name, i)
	w.Labels, w.Annotations = maps.Clone(w.Labels), maps.Clone(w.Annotations)
	return w
}

// inherit returns the labels or annotations of a replica: those of the template, and what the set itself passes on.
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

func passesLabel(key, _ string) bool { return key == labelInferenceRole || key == labelMultiRole }

// passesAnnotation: syncer's own, such as to suspend, mean all replicas when they are on the set.
func passesAnnotation(key, value string) bool {
	return key == annotationDisableBenchmark && value == "true" || strings.HasPrefix(key, "syncer.dev/")
}

// setPaths says where an InferenceSet has the fields of a Workspace; the first that fits counts.
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
