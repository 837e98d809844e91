// SPDX-License-Identifier: Apache-2.0

// Package events reads the history of a status branch back: which Workspace changed, how, when, and for which commit.
// The messages of status commits say so, one line for each Workspace.
package events

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"syncer.dev/syncer/internal/git/trailer"
	"syncer.dev/syncer/internal/status/message"
	"syncer.dev/syncer/internal/workspace"
)

// Commit is one commit of the status branch.
type Commit struct {
	Hash    string
	Time    time.Time
	Message string
}

// Event is one transition of one Workspace.
type Event struct {
	Time      time.Time
	Workspace workspace.Key
	Change    string // in the words of the commit: "Pending -> Ready"
	Source    string // the commit of the source that was carried out; "" if the message does not say
	Commit    string // of the status branch
}

// Of returns the transitions that commits, the newest first, record of a cluster: the oldest first. It takes no commit
// of another cluster, and none whose message is not that of a status commit: other clients may write the branch too.
func Of(cluster string, commits []Commit) []Event {
	var out []Event
	for _, c := range slices.Backward(commits) {
		if !slices.Contains(trailer.Values(c.Message, message.TrailerCluster), cluster) {
			continue
		}
		source := ""
		if values := trailer.Values(c.Message, message.TrailerCommit); len(values) > 0 {
			source = values[0]
		}
		for key, change := range transitions(c.Message) {
			out = append(out, Event{c.Time, key, change, source, c.Hash})
		}
	}
	slices.SortStableFunc(out, func(a, b Event) int {
		return cmp.Or(a.Time.Compare(b.Time), a.Workspace.Compare(b.Workspace))
	})
	return out
}

// transitions returns what the lines of a message's second paragraph say, by Workspace.
func transitions(message string) map[workspace.Key]string {
	_, rest, _ := strings.Cut(message, "\n\n")
	body, _, more := strings.Cut(rest, "\n\n")
	if !more { // the trailers alone
		return nil
	}
	out := map[workspace.Key]string{}
	for line := range strings.Lines(body) {
		name, change, ok := strings.Cut(strings.TrimSpace(line), ": ")
		namespace, name, named := strings.Cut(name, "/")
		if ok && named && namespace != "" && name != "" && !strings.ContainsAny(name, "/ ") {
			out[workspace.Key{Namespace: namespace, Name: name}] = change
		}
	}
	return out
}
