// SPDX-License-Identifier: Apache-2.0

package reviewed

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

// Record is what reviewers were shown of one Workspace on one cluster.
type Record struct {
	Cluster   string
	Workspace workspace.Key
	// Digest identifies the inputs of the Workspace itself: its manifest, patches, preset and plain objects, and what
	// syncer makes of them. It does not depend on prices, quota or other Workspaces. A record of a deletion has the digest
	// that Deletion returns.
	Digest string
	Shown  Shown
	// PullRequest is its address, for people. Commit is the head that was planned.
	PullRequest string
	Commit      string
	At          time.Time
}

// Shown are the values that were shown.
type Shown struct {
	InstanceType string
	Region       string
	Spot         bool
	Nodes        int
	HourlyCost   capacity.Cost
	Replaces     bool // its workload or its pool is replaced
	Interrupts   bool // it stops serving for a while
	Deletes      bool
}

// Deletion returns the digest of the deletion of what has a digest. It is another one, so that the record of a deletion
// does not replace the record of what is deleted.
func Deletion(digest string) string { return sum("delete", digest) }

// PlanDigest identifies one plan for one Workspace: its inputs, and the values that it has now. It is what the trailer
// TrailerAccept names, so that a person accepts exactly what a message said.
func PlanDigest(cluster string, key workspace.Key, digest string, now Shown) string {
	return sum("plan", cluster, key.Namespace, key.Name, digest, now)
}

// TrailerAccept is the trailer of a commit that accepts a plan: its value is a PlanDigest.
const TrailerAccept = "Syncer-Accept-Plan"

// sum is the SHA-256, in hex, of values as JSON.
func sum(values ...any) string {
	data, err := json.Marshal(values)
	if err != nil { // texts and numbers; a price that is no number has no digest
		return ""
	}
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}
