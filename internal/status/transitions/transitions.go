// SPDX-License-Identifier: Apache-2.0

// Package transitions says what has happened to Workspaces between two passes, for people who want to hear of it: the
// log, Kubernetes Events and notifications share it. What has not changed is not said again.
package transitions

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/status"
	"syncer.dev/syncer/internal/workspace"
)

// Severity says how urgent a transition is.
type Severity int

// The severities, the least urgent first.
const (
	Info    Severity = iota
	Warning          // the Workspace waits, or serves no longer
	Error            // a person must act: it has failed, or its commit is refused
)

// Severities are the names, the least urgent first.
func Severities() []string { return []string{"info", "warning", "error"} }

// String returns the name.
func (s Severity) String() string { return Severities()[s] }

// SeverityOf returns the severity of a name, and whether there is one.
func SeverityOf(name string) (Severity, bool) {
	for i, n := range Severities() {
		if n == name {
			return Severity(i), true
		}
	}
	return 0, false
}

// Transition is one change of one Workspace.
type Transition struct {
	Workspace workspace.Key
	From, To  status.State // "" for one that is new, or gone
	Severity  Severity
	// Reason and Message are those of the first condition that is not met; of one that is met if all are.
	Reason, Message string
	Commit          string // that is carried out, or that waits; "" if there is none
	Endpoint        string // of one that serves
}

// Title says the transition in a few words, without the name of the Workspace.
func (t Transition) Title() string {
	switch {
	case t.To == "":
		return "removed"
	case t.From == "" || t.From == t.To:
		return fmt.Sprintf("%s (%s)", t.To, t.Reason)
	}
	return fmt.Sprintf("%s -> %s (%s)", t.From, t.To, t.Reason)
}

// Gone is the reason of a Workspace that is removed.
const Gone = "Removed"

// Between returns what has happened between two sets of reports, each in the order of its keys. A Workspace changes if
// its state does, or the reason of the first condition that it does not meet.
func Between(before, after []*status.Report) []Transition {
	var out, gone []Transition
	for was, r := range status.Differences(before, after) {
		if r == nil {
			gone = append(gone, Transition{
				Workspace: was.Key, From: was.State, Reason: Gone, Message: "the Workspace is removed", Commit: was.ObservedCommit,
			})
			continue
		}
		is := of(r)
		if was != nil {
			if is.From = was.State; was.Same(r) || was.State == r.State && of(was).Reason == is.Reason {
				continue
			}
		}
		out = append(out, is)
	}
	return append(out, gone...)
}

// of returns the transition to the state of a report.
func of(r *status.Report) Transition {
	t := Transition{Workspace: r.Key, To: r.State, Commit: r.ObservedCommit, Endpoint: r.Endpoint}
	if r.DesiredCommit != "" {
		t.Commit = r.DesiredCommit
	}
	unmet := false
	for _, c := range r.Conditions {
		switch {
		case c.Status == "False" && (!unmet || c.Type == status.Applied):
			t.Reason, t.Message, unmet = c.Reason, c.Message, true
		case t.Reason == "":
			t.Reason, t.Message = c.Reason, c.Message
		}
	}
	if t.Reason == "" {
		t.Reason = string(r.State)
	}
	switch {
	case r.Failing():
		t.Severity = Error
	case r.State == status.NotReady, unmet && r.State == status.Pending && stuck(t.Reason):
		t.Severity = Warning
	}
	return t
}

// stuck reports whether a reason for which a Workspace waits is more than that something takes its time: the catalogue
// of reasons has it, or it names a failure.
func stuck(reason string) bool {
	return diag.Reason(reason).Meaning() != "" || strings.HasSuffix(reason, "Failed")
}
