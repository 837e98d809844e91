// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/app/ondemand"
	"syncer.dev/syncer/internal/diag"
)

// PrintPasses prints what came of a pass of each cluster, a line for each, or as json or yaml.
func PrintPasses(w io.Writer, all []ondemand.Result, format string) error {
	var names []string
	for _, r := range all {
		names = append(names, r.Cluster)
	}
	return PrintAs(w, format, ondemand.Document(all), names, func() error {
		for _, r := range all {
			if _, err := io.WriteString(w, diag.EscapeText(passLine(r))+"\n"); err != nil {
				return err
			}
		}
		return nil
	})
}

// passLine says in words what came of a pass.
func passLine(r ondemand.Result) string {
	var states []string
	for _, s := range slices.Sorted(maps.Keys(r.States)) {
		states = append(states, fmt.Sprintf("%d %s", r.States[s], s))
	}
	if len(states) == 0 {
		states = []string{"no Workspaces"}
	}
	text := fmt.Sprintf("cluster %s at commit %s: %s", r.Cluster, short(r.Commit), strings.Join(states, ", "))
	if !r.Settled && r.Error == "" {
		text += "; changes are in progress"
	}
	return text
}

// Passed is the answer "no" if a pass was not complete, or if Workspaces have failed.
func Passed(all []ondemand.Result) error {
	failed := 0
	for _, r := range all {
		switch {
		case r.Error != "" && len(all) > 1:
			return NoBut(ofLeader(r.Leader), "the pass of cluster %s was not complete: %s", r.Cluster, r.Error)
		case r.Error != "":
			return NoBut(ofLeader(r.Leader), "the pass was not complete: %s", r.Error)
		}
		failed += r.States["Failed"]
	}
	if failed > 0 {
		return No("%s failed", Plural(failed, "Workspace"))
	}
	return nil
}

// ofLeader says how to ask the replica that leads, which has heard of the request; "" if the answer names none. The
// identity is that of its Lease: the name of its pod, and a random part.
func ofLeader(identity string) string {
	pod := identity[:max(strings.LastIndex(identity, "_"), 0)]
	if len(validation.IsDNS1123Subdomain(pod)) > 0 {
		return ""
	}
	return fmt.Sprintf("%s leads, and makes the pass; to see its result, forward its port instead: "+
		"kubectl -n syncer port-forward pod/%s 8080", pod, pod)
}
