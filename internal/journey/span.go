// SPDX-License-Identifier: Apache-2.0

package journey

import (
	"crypto/sha256"
	"strings"
	"time"
)

// The names of spans.
const (
	NameCommit  = "commit" // the whole way
	NameFetch   = "fetch"
	NamePlan    = "plan"
	NamePool    = "pool"
	NameApply   = "apply"
	NameRollout = "rollout"
	NameWait    = "wait"
	NameHealth  = "health"
	NameRecord  = "record"
)

// The keys of attributes. Where OpenTelemetry's conventions have a name, it is theirs:
// https://opentelemetry.io/docs/specs/semconv/registry/attributes/vcs and the same of k8s (1.38).
const (
	KeyCommit     = "vcs.ref.head.revision"
	KeyRef        = "vcs.ref.head.name"
	KeyCluster    = "k8s.cluster.name"
	KeyNamespace  = "k8s.namespace.name"
	KeySubject    = "syncer.commit.subject"
	KeyCommitted  = "syncer.commit.time"
	KeyWorkspaces = "syncer.workspaces" // that the commit changes
	KeyResult     = "syncer.result"
	KeyOvertaken  = "syncer.overtaken_by" // a commit
	KeyWorkspace  = "syncer.workspace"    // namespace/name
	KeyState      = "syncer.state"
	KeyReason     = "syncer.reason"
	KeyPool       = "syncer.pool"
	KeyPoolOp     = "syncer.pool.operation"
	KeyPoolSize   = "syncer.pool.size"
	KeyPoolNodes  = "syncer.pool.nodes"
	KeyStatus     = "syncer.status.commit"
	KeyError      = "syncer.error"
)

// The results of a way, and of a part of it.
const (
	Done      = "ready"     // all that the commit changes is as it asks
	Broken    = "failed"    // something has failed, or is refused
	Overtaken = "overtaken" // a newer commit has changed the rest again
	Abandoned = "abandoned" // too many commits are on their way: this one is followed no further
)

// Span is a part of the way of a commit, which has ended.
type Span struct {
	Trace      [16]byte
	ID, Parent [8]byte // Parent is zero for the whole way
	Name       string
	Start, End time.Time
	Attributes []Attribute
	Events     []Event
	Failed     string // why it failed; "" if it did not
}

// Attribute is a fact about a span or an event: a string or an int.
type Attribute struct {
	Key   string
	Value any
}

// Event is something that happened during a span.
type Event struct {
	At         time.Time
	Name       string
	Attributes []Attribute
}

// Attribute returns the value of an attribute, or nil.
func (s Span) Attribute(key string) any {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value
		}
	}
	return nil
}

// TraceOf returns the identifier of the trace of a commit in a cluster.
func TraceOf(cluster, commit string) [16]byte {
	return [16]byte(digest("trace", cluster, commit)[:16])
}

// spanOf returns the identifier of a span, which is about something in a trace.
func spanOf(trace [16]byte, about ...string) [8]byte {
	return [8]byte(digest(append([]string{"span", string(trace[:])}, about...)...)[:8])
}

func digest(parts ...string) []byte {
	sum := sha256.Sum256([]byte("syncer\x00" + strings.Join(parts, "\x00")))
	return sum[:]
}
