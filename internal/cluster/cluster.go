// SPDX-License-Identifier: Apache-2.0

// Package cluster holds what is live in a Kubernetes cluster, as plain values.
//
// The apply package reads them from the API server; plan and status draw conclusions from them. Keeping the values
// apart from the adapter lets those conclusions be pure.
package cluster

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/wellknown"
	"syncer.dev/syncer/internal/workspace"
)

// Ref names one object.
type Ref struct {
	Group     string `json:"group,omitempty"`
	Version   string `json:"version"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// APIVersion returns group and version as manifests write them.
func (r Ref) APIVersion() string {
	if r.Group == "" {
		return r.Version
	}
	return r.Group + "/" + r.Version
}

// RefOf returns the Ref of an object.
func RefOf(o *unstructured.Unstructured) Ref {
	meta, _ := o.Object["metadata"].(map[string]any) // the accessors of o split paths, which costs ten times as much
	apiVersion, _ := o.Object["apiVersion"].(string)
	kind, _ := o.Object["kind"].(string)
	r := Ref{}
	r.Namespace, _ = meta["namespace"].(string)
	r.Name, _ = meta["name"].(string)
	group, version, grouped := strings.Cut(apiVersion, "/")
	switch {
	case strings.Contains(version, "/"): // GroupVersionKind is empty for one that is none
	case grouped:
		r.Group, r.Version, r.Kind = group, version, kind
	default:
		r.Version, r.Kind = group, kind
	}
	return r
}

// TextIn returns a label or annotation of an object, as unstructured.GetLabels()[key] does, without a copy of the
// others.
func TextIn(o *unstructured.Unstructured, field, key string) (text string, given bool) {
	meta, _ := o.Object["metadata"].(map[string]any)
	all, _ := meta[field].(map[string]any)
	text, given = all[key].(string)
	return text, given
}

// String returns "Kind/name".
func (r Ref) String() string { return r.Kind + "/" + r.Name }

// Compare orders Refs by namespace, kind and name.
func (r Ref) Compare(o Ref) int {
	if r.Namespace != o.Namespace {
		return strings.Compare(r.Namespace, o.Namespace)
	}
	if r.Group != o.Group {
		return strings.Compare(r.Group, o.Group)
	}
	if r.Kind != o.Kind {
		return strings.Compare(r.Kind, o.Kind)
	}
	return strings.Compare(r.Name, o.Name)
}

// Same reports whether both name the same object, in any version.
func (r Ref) Same(o Ref) bool { r.Version, o.Version = "", ""; return r == o }

// Labels and annotations of every object that syncer applies.
const (
	LabelManagedBy = "app.kubernetes.io/managed-by" // ManagedBy
	LabelCluster   = wellknown.LabelCluster         // config: cluster
	LabelWorkspace = wellknown.LabelWorkspace       // name of the Workspace; absent on plain objects

	AnnotationSource = "syncer.dev/source" // file in the repository, for "where does this come from"
	AnnotationInputs = "syncer.dev/inputs" // workspace.Workspace.Digest
	AnnotationPrune  = workspace.AnnotationPrune

	ManagedBy = "syncer"
	// FieldManager owns the fields that syncer applies.
	FieldManager = "syncer"
)

// Object is one live object that carries our labels.
type Object struct {
	Ref
	UID       string
	Workspace workspace.Key // zero for plain objects of the repository
	Source    string        // AnnotationSource
	Inputs    string        // AnnotationInputs
	// Owned says that syncer's field manager set the labels, so that they are not a copy made by another client.
	Owned         bool
	PruneDisabled bool
	PruneEnabled  bool // of a volume claim: it may be deleted with its data
	Observed      bool // its annotation workspace.AnnotationMode says so
	Deleting      bool
	Health        Health // of a plain object with a status
	// Finalizers hold up the deletion, without those that Kubernetes' own controllers take off by themselves.
	Finalizers []string
}

// IsClaim reports whether an object is a PersistentVolumeClaim.
func IsClaim(r Ref) bool { return r.Group == "" && r.Kind == "PersistentVolumeClaim" }

// State is what is live, as read at one time.
type State struct {
	Objects   []*Object // sorted by Ref; none of them changes
	Workloads map[workspace.Key]Workload
	Nodes     []Node     // sorted by name
	NodePools []NodePool // of Karpenter, that syncer applied; sorted by name
	Contests  []Contest  // sorted by Ref and field
	// AllPods says that Node.Pods and Node.Taken are complete. Without the permission to list all pods they are not.
	AllPods bool
	// Version identifies the State within one process: equal versions mean an equal State. 0 is unknown.
	Version uint64
	// Versions identify what is live of each Workspace: equal versions mean that its objects, its workload, its pods, its
	// endpoints and the nodes that its pods run on are equal, and what else of an object a dry run depends on. A
	// Workspace of which nothing is live has none. A nil map means that the versions are unknown.
	Versions map[workspace.Key]uint64
	// Sweeps counts how often the dry runs of some objects became due again although nothing of the State has changed.
	Sweeps uint64
}

// Contest is a field that another field manager keeps changing after syncer has set it back.
type Contest struct {
	Ref     Ref
	Field   string // path in the object: spec.replicas
	Manager string // field manager: kube-controller-manager
	Left    bool   // syncer leaves the field to the manager; otherwise it sets the field back from time to time
}

// String returns one line for people.
func (c Contest) String() string {
	does := "syncer sets it back every ten minutes"
	if c.Left {
		does = "syncer leaves it"
	}
	return fmt.Sprintf("%s keeps changing %s of %s; %s", c.Manager, c.Field, c.Ref, does)
}

// Node is a node of the cluster that has, or should have, GPUs.
type Node struct {
	Name         string
	Pool         string // agent pool (label kubernetes.azure.com/agentpool); "" when brought
	Claim        string // NodeClaim of Karpenter or gpu-provisioner that owns it; "" for none
	InstanceType string
	Ready        bool
	GPUs         int64             // allocatable nvidia.com/gpu
	Slices       map[string]int64  // allocatable shares of GPUs, by MIG profile
	Labels       map[string]string // all labels
	Cordoned     bool              // no new pods are put on it
	// Taken are the whole GPUs that pods which are not ours have asked for; 0 when those pods are not looked at.
	Taken int64
	// Pods are those that have not finished, of any owner, without those of DaemonSets and of the node itself:
	// "namespace/name", sorted.
	Pods []string
}

// Workload is the StatefulSet or Job of a Workspace.
type Workload struct {
	Ref      Ref
	Inputs   string // AnnotationInputs
	Pool     string // agent pool that its pods require; "" when they require none
	GPUs     int64  // that each pod asks for
	Current  bool   // the controller has seen the newest generation
	Updating bool   // StatefulSet: not all pods were ready since its template changed
	Replicas int64  // StatefulSet: wanted
	Ready    int64  // pods that are ready, on the newest revision
	Active   int64  // Job: pods that run
	Complete bool   // Job: condition Complete (or SuccessCriteriaMet)
	Failed   bool   // Job: condition Failed (or FailureTarget), or more failures than it may have
	// Endpoints counts the ready addresses behind the Workspace's Service.
	Endpoints int
	Pods      []Pod // sorted by name
	Created   time.Time
	// Adopted says that the StatefulSet was taken over from KAITO.
	Adopted *Adopted
}

// Adopted is what is known of a StatefulSet that was taken over from KAITO.
type Adopted struct {
	// Spec is its spec, as long as its pod template is that of KAITO; nil after that. It is read only.
	Spec map[string]any
	// For is the digest of the pod template of syncer's that Spec stands for; empty if syncer has not decided yet.
	For string
}

// Paused reports that the Workload asks for no pods and has none.
func (w *Workload) Paused() bool {
	return len(w.Pods) == 0 && w.Replicas == 0 && w.Active == 0 && !w.Complete && !w.Failed
}

// Pod is one pod of a Workload.
type Pod struct {
	Name     string
	Node     string
	Phase    string
	Ready    bool
	Deleting bool
	// Finalizers hold up the deletion, without those that Kubernetes' own controllers take off by themselves.
	Finalizers []string
	// Reason and Message say what is wrong in the words of KAITO's condition reasons (ImagePullError, Unschedulable,
	// ContainerCrashLoopBackOff, ContainerOOMKilled, ContainerStartError, PodEvicted), or ContainerFailed for a container
	// that has ended for good; empty when nothing is.
	Reason  string
	Message string
	// Start is how long the pod took to start; the zero value is unknown.
	Start Start
	// FailedAt is when the container that Message is about last failed; zero when it has not ended.
	FailedAt time.Time
	// Pushed is the image that the pod of a tuning says it has pushed; zero for none.
	Pushed Image
}

// Image is a container image by its name, with a tag as a rule, and by the digest that the name had.
type Image struct {
	Name   string // registry.example.com/adapter:1
	Digest string // sha256: and 64 hex digits
}

// Start bounds how long a pod took from its creation until it was ready for the first time. Kubernetes keeps only the
// last time at which it became ready: a pod that was not ready for a while meanwhile has started earlier than AtMost.
type Start struct {
	AtLeast time.Duration // until the last of its containers ran
	AtMost  time.Duration // until it was ready
}

// Ended reports whether the pod has ended: it takes nothing of its node any more, and never runs again.
func (p Pod) Ended() bool { return p.Phase == "Succeeded" || p.Phase == "Failed" }

// Preview is what the API server says that applying an object would do (a server-side dry run).
type Preview struct {
	Ref    Ref
	Before *unstructured.Unstructured // live object; nil when there is none
	After  *unstructured.Unstructured // merged object; nil with Err, or when nothing would change
	// Replace says that the object has to be deleted and created again, and why (immutable fields).
	Replace string
	Err     error // the server refused the object
}

// Digested identifies a desired object without its content.
type Digested struct {
	Ref    Ref
	Digest [sha256.Size]byte // of the object as JSON, as encoding/json writes it
}

// UnknownError is the error of a Preview for an encrypted Secret that no key opens. The server was not asked.
type UnknownError struct{ Why string }

// Error returns why the values are unknown.
func (e *UnknownError) Error() string { return "encrypted, unknown: " + e.Why }

// Result is what happened to one object, in the words of kubectl and Flux.
type Result string

// The results of applying and pruning.
const (
	Created    Result = "created"
	Configured Result = "configured"
	Replaced   Result = "replaced"
	Unchanged  Result = "unchanged"
	Deleted    Result = "deleted"
	Skipped    Result = "skipped"
	Failed     Result = "failed"
)

// ChangeSet is what applying or pruning did: one entry per object, in the order they were handled.
type ChangeSet []Entry

// Entry is one object of a ChangeSet.
type Entry struct {
	Ref    Ref
	Result Result
	Err    error // set with Failed
}

// Writes counts the entries that changed the cluster.
func (c ChangeSet) Writes() int {
	n := 0
	for _, e := range c {
		switch e.Result {
		case Created, Configured, Replaced, Deleted:
			n++
		}
	}
	return n
}
