// SPDX-License-Identifier: Apache-2.0

package suspension

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/workspace"
)

// Holds reports whether a suspension has not ended. At an unknown time, which is zero, none has.
func Holds(s *workspace.Suspension, now time.Time) bool {
	return s.Until.IsZero() || now.IsZero() || now.Before(s.Until)
}

// Selects reports whether a suspension is for a Workspace of the source.
func Selects(s *workspace.Suspension, w *workspace.Workspace) bool {
	for key, value := range s.Selector.MatchLabels {
		if got, given := w.Labels[key]; !given || got != value {
			return false
		}
	}
	return inNamespace(s, w.Namespace) && named(s, w.Name, w.InferenceSet)
}

// MaySelect reports whether a suspension is for a Workspace that has gone from the source. Its labels are unknown then,
// and count as those that are selected: what is gone from Git is not deleted during an incident that may be about it.
func MaySelect(s *workspace.Suspension, k workspace.Key) bool {
	set := k.Name
	if i := strings.LastIndexByte(k.Name, '-'); i > 0 {
		if suffix := k.Name[i+1:]; suffix == "*" || digits(suffix) { // a replica, or the owner of a pool of all replicas
			set = k.Name[:i]
		}
	}
	return inNamespace(s, k.Namespace) && named(s, k.Name, set)
}

// SelectsObjects reports whether a suspension is for the plain objects of a namespace: it selects all Workspaces of it.
func SelectsObjects(s *workspace.Suspension, namespace string) bool {
	return len(s.Selector.Names) == 0 && len(s.Selector.MatchLabels) == 0 && inNamespace(s, namespace)
}

func inNamespace(s *workspace.Suspension, namespace string) bool {
	return len(s.Selector.Namespaces) == 0 || slices.Contains(s.Selector.Namespaces, namespace)
}

func named(s *workspace.Suspension, names ...string) bool {
	return len(s.Selector.Names) == 0 || slices.ContainsFunc(s.Selector.Names, func(pattern string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			ok, _ := path.Match(pattern, name) // Decode has checked the pattern
			return ok && name != ""
		})
	})
}

func digits(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil
}

// Why says by what, why and until when something is suspended.
func Why(s *workspace.Suspension) string {
	if s.Unreadable != "" && s.Reason == "" {
		return s.Unreadable
	}
	text := fmt.Sprintf("suspended by %s (%s): %s", s.Name, s.Source.Path, s.Reason)
	if s.Name == "" {
		text = fmt.Sprintf("suspended by %s: %s", s.Source.Path, s.Reason)
	}
	switch {
	case s.Unreadable != "":
		text += "; " + s.Unreadable
	case s.Until.IsZero():
		text += "; until that document is removed"
	default:
		text += "; until " + s.Until.UTC().Format(time.RFC3339)
	}
	return text
}

// Problems are warnings about the suspensions of a source at a time: those that hold, with what they stop, and those
// that have ended.
func Problems(set *workspace.Set, now time.Time) []diag.Diagnostic {
	out := Ended(set, now)
	for i := range set.Suspensions {
		s := &set.Suspensions[i]
		if !Holds(s, now) {
			continue
		}
		n := 0
		for j := range set.Workspaces {
			if Selects(s, &set.Workspaces[j]) {
				n++
			}
		}
		d := diag.Warningf(diag.Suspended, "%s; nothing of %s changes", Why(s), count(n)).Placed(s.Source)
		if s.Unreadable == "" {
			d = d.Suggest("remove the document when the incident is over")
		}
		out = append(out, d)
	}
	return out
}

// Ended are warnings about suspensions that have ended, and so stop nothing.
func Ended(set *workspace.Set, now time.Time) []diag.Diagnostic {
	var out []diag.Diagnostic
	for i := range set.Suspensions {
		if s := &set.Suspensions[i]; !Holds(s, now) {
			out = append(out, diag.Warningf(diag.SuspendEnded, "ended at %s, and stops nothing",
				s.Until.UTC().Format(time.RFC3339)).On("spec.until").Placed(s.Source).Suggest("remove the document"))
		}
	}
	return out
}

func count(n int) string {
	if n == 1 {
		return "1 Workspace"
	}
	return fmt.Sprintf("%d Workspaces", n)
}

// Next is the first time after now at which a suspension of the source ends; zero for none.
func Next(set *workspace.Set, now time.Time) time.Time {
	var next time.Time
	for i := range set.Suspensions {
		if until := set.Suspensions[i].Until; until.After(now) && (next.IsZero() || until.Before(next)) {
			next = until
		}
	}
	return next
}
