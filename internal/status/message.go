package status

import (
	"fmt"
	"strings"

	"syncer.dev/syncer/internal/workspace"
)

// Commit is what a status commit's message says besides the transitions.
type Commit struct {
	Cluster string
	Source  string // hash of the commit that was acted on
	Version string // of syncer
}

// maxSubject is the length at which forges cut a commit's subject.
const maxSubject = 72

// Message returns the commit message for going from one set of Reports to the next.
func Message(c Commit, before, after []Report) string {
	changes := transitionsOf(before, after)
	var b strings.Builder
	b.WriteString(subject(c.Cluster, changes))
	b.WriteString("\n\n")
	for _, ch := range changes {
		fmt.Fprintf(&b, "%s: %s\n", ch.key, ch.text())
	}
	if len(changes) > 0 {
		b.WriteString("\n")
	}
	// CI systems look for [skip ci] anywhere in the message; as the value of a trailer it leaves the others readable for git.
	fmt.Fprintf(&b, "Syncer-Commit: %s\nSyncer-Cluster: %s\nSyncer-Version: %s\nSyncer-CI: [skip ci]\n", c.Source, c.Cluster, c.Version)
	return b.String()
}

// change is one Workspace whose state is another now.
type change struct {
	key      workspace.Key
	from, to State // "" for not there
	detail   string
}

func (c change) text() string {
	switch {
	case c.to == "":
		return "removed"
	case c.from == "":
		return string(c.to) + c.detail
	}
	return fmt.Sprintf("%s -> %s%s", c.from, c.to, c.detail)
}

func transitionsOf(before, after []Report) []change {
	old := map[workspace.Key]State{}
	for _, r := range before {
		old[r.Key] = r.State
	}
	var out []change
	for _, r := range after {
		if from, ok := old[r.Key]; !ok || from != r.State {
			detail := ""
			if h := r.Headline(); h != "" {
				detail = " (" + h + ")"
			}
			out = append(out, change{r.Key, from, r.State, detail})
		}
		delete(old, r.Key)
	}
	for _, r := range before {
		if from, gone := old[r.Key]; gone {
			out = append(out, change{key: r.Key, from: from})
		}
	}
	return out
}

func subject(cluster string, changes []change) string {
	prefix := fmt.Sprintf("status(%s): ", cluster)
	if len(changes) == 0 {
		return prefix + "progress"
	}
	s := prefix
	for i, c := range changes {
		word := c.key.Name + " " + string(c.to)
		if c.to == "" {
			word = c.key.Name + " removed"
		}
		if i > 0 {
			word = ", " + word
		}
		more := ""
		if left := len(changes) - i - 1; left > 0 {
			more = fmt.Sprintf(" and %d more", left)
		}
		if i > 0 && len(s)+len(word)+len(more) > maxSubject {
			return fmt.Sprintf("%s and %d more", s, len(changes)-i)
		}
		s += word
	}
	return s
}

// Urgent reports whether something has come to an end, or to light: such news is recorded at once, while progress may wait a
// little and be gathered.
func Urgent(before, after []Report) bool {
	for _, c := range transitionsOf(before, after) {
		if c.to != Pending || c.from == Ready {
			return true
		}
	}
	return false
}
