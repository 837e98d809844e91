// SPDX-License-Identifier: Apache-2.0

package reconcile

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cluster"
	"syncer.dev/syncer/internal/engine"
	"syncer.dev/syncer/internal/reviewed"
	"syncer.dev/syncer/internal/shard"
)

// Revision is one commit of the source, as files.
type Revision = engine.Revision

// Source is the Git repository with the desired state.
type Source interface {
	// Fetch returns the tip of the branch. It is cheap if the tip is the same.
	Fetch(ctx context.Context) (Revision, error)
}

// Recorder keeps the status files of this cluster on a Git branch.
type Recorder interface {
	// Read returns the recorded files, by path relative to the cluster's folder. None is an empty map.
	Read(ctx context.Context) (map[string][]byte, error)
	// Record makes the folder hold exactly the files of the Recording, of those that its Share owns, by one commit, and
	// returns its hash. The files of other Shares stay as they are at that moment. If the folder holds them already,
	// Record writes nothing and returns "".
	Record(ctx context.Context, r Recording) (commit string, err error)
}

// Recording is one status commit.
type Recording struct {
	// Changed are the files that differ from what was read or recorded last, by path relative to the cluster's folder; nil
	// for each that is to go. All makes all files, for a folder that another client has changed since.
	Changed map[string][]byte
	All     func() map[string][]byte
	Share   shard.Share // that owns the files
	Message string
	When    time.Time
}

// Reviews are what reviewers of pull requests were shown, and what people have accepted since.
type Reviews interface {
	// Records returns the records that count at the time. It is cheap if nothing has changed.
	Records(ctx context.Context, now time.Time) (reviewed.Records, error)
	// Accepted returns the plans that the commits up to this one accept by a trailer, by their digests. The commit is the
	// tip of the followed branch.
	Accepted(ctx context.Context, commit string) (map[string]bool, error)
}

// Cluster is the Kubernetes cluster. A call may fail at any time; it then returns no part of a result.
type Cluster interface {
	// Observe returns all owned objects, or an error.
	Observe(ctx context.Context) (cluster.State, error)
	// Preview returns the result of a dry run for each object, in the same order. It writes nothing.
	Preview(ctx context.Context, objects []*unstructured.Unstructured) ([]cluster.Preview, error)
	// Apply applies objects server-side. A rejected object does not stop the rest; its error is in the ChangeSet.
	Apply(ctx context.Context, objects []*unstructured.Unstructured) (cluster.ChangeSet, error)
	// Prune deletes exactly these objects, each only if it is still the same and still owned.
	Prune(ctx context.Context, objects []*cluster.Object) (cluster.ChangeSet, error)
}

// Look returns the state of external references: whether the cluster has them. The result has an entry for each of
// refs. It is cheap if nothing has changed.
type Look func(ctx context.Context, refs []cluster.Ref, now time.Time) (map[cluster.Ref]cluster.Reference, error)

// Cloud manages agent pools.
type Cloud = capacity.Cloud

// planned is a Cluster as the engine sees it.
type planned struct {
	Cluster
	engine.Settler
	look Look
}

// Look implements engine.Cluster.
func (p planned) Look(
	ctx context.Context, refs []cluster.Ref, now time.Time,
) (map[cluster.Ref]cluster.Reference, error) {
	if p.look == nil {
		return nil, nil
	}
	return p.look(ctx, refs, now)
}
