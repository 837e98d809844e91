// SPDX-License-Identifier: Apache-2.0

package preflight

// State is what is known of one need of syncer.
type State string

// The states.
const (
	OK      State = "ok"
	Missing State = "missing" // the server says no
	Unknown State = "unknown" // it cannot be seen from here, or not without a write
	Failed  State = "failed"  // the server did not answer
)

// Area is the server, or the part of it, that a Line is about.
type Area string

// The areas.
const (
	Git        Area = "git"
	Kubernetes Area = "kubernetes"
	Azure      Area = "azure"
	GPU        Area = "gpu"
)

// Line is the judgement of one need.
type Line struct {
	Area   Area     `json:"area"`
	Check  string   `json:"check"` // the need, in a few words
	State  State    `json:"state"`
	Detail string   `json:"detail,omitempty"`
	Rights []string `json:"missingRights,omitempty"` // such as "patch statefulsets.apps"
	Fix    string   `json:"fix,omitempty"`           // a command, or a sentence where no command helps
}

// Answer is what a server said to one question.
type Answer struct {
	State  State
	Detail string // the words of the server, or what is not known
	Hint   string // the remedy that the error knows
}

// Count returns the number of lines in a state.
func Count(lines []Line, s State) int {
	n := 0
	for _, l := range lines {
		if l.State == s {
			n++
		}
	}
	return n
}
