// Package reconcile is the loop: it makes the cluster and the agent pools equal to what Git says, and says in Git how it went.
//
// One goroutine owns all state. Whatever happens outside (a push, a pod that becomes ready, a timer) only makes the next
// pass due; a pass is a list of small steps that recomputes everything from Git, Azure and the cluster, so that the process
// may be killed at any moment. A step that fails is reported and costs only what depends on it.
package reconcile

import (
	"context"
	"io/fs"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
)

// Revision is one commit of the source, seen as files.
type Revision struct {
	Commit string // hash
	Files  fs.FS  // rooted at source.path; never nil
	// Inputs identifies the content below source.path. Two Revisions with equal Inputs ask for the same, whoever wrote
	// them and whenever: this, and not the commit, is what makes a pass due.
	Inputs string
	// AllowEmpty says that the commit's author confirmed that removing the last Workspace is meant.
	AllowEmpty bool
	// Notices are things about the revision that are worth telling, such as symbolic links that were left out.
	Notices []string
}

// Source is the Git repository that is followed.
type Source interface {
	// Fetch returns the tip of the branch. It is cheap when nothing has moved.
	Fetch(ctx context.Context) (Revision, error)
}

// Recorder keeps the status files of this cluster on a Git branch.
type Recorder interface {
	// Read returns the recorded files, by path relative to the cluster's folder. None is an empty map.
	Read(ctx context.Context) (map[string][]byte, error)
	// Record makes the folder hold exactly files, by one commit, and returns its hash. When it already does, nothing is
	// written and the hash is empty.
	Record(ctx context.Context, files map[string][]byte, message string, when time.Time) (commit string, err error)
}

// Cluster is the Kubernetes cluster. A call may fail at any time; it then has told nothing, not even a part.
type Cluster interface {
	// Observe returns everything live that is ours, complete, or an error.
	Observe(ctx context.Context) (cluster.State, error)
	// Preview says for each object what applying it would do, in the same order. It writes nothing.
	Preview(ctx context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error)
	// Apply makes the objects so. One that is refused does not stop the others.
	Apply(ctx context.Context, objects []*unstructured.Unstructured) (cluster.ChangeSet, error)
	// Prune deletes exactly these objects, each only if it is still the same and still ours.
	Prune(ctx context.Context, objects []cluster.Object) (cluster.ChangeSet, error)
}

// Look says of objects that others make, and that Workspaces refer to, whether they are there. Every one that was asked for is in
// the answer. It is cheap when nothing has changed.
type Look func(ctx context.Context, refs []cluster.Ref, now time.Time) (map[cluster.Ref]cluster.Look, error)

// Cloud is where agent pools live; nil when nodes are brought.
type Cloud = capacity.Cloud
