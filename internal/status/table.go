package status

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Table prints Reports with the columns that "kubectl get workspace" has.
func Table(w io.Writer, reports []Report, wide bool) error {
	t := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	header := []string{"NAMESPACE", "NAME", "INSTANCE", "RESOURCEREADY", "INFERENCEREADY", "JOBSTARTED", "WORKSPACESUCCEEDED", "TARGETNODECOUNT", "STATE"}
	if wide {
		header = append(header, "POOLS", "COST", "ENDPOINT", "SOURCE", "COMMIT", "MESSAGE")
	}
	fmt.Fprintln(t, strings.Join(header, "\t"))
	for _, r := range reports {
		row := []string{
			r.Namespace, r.Name, r.InstanceType, r.is(ResourceReady), r.is(InferenceReady), r.is(JobStarted), r.is(WorkspaceSucceeded),
			strconv.Itoa(r.TargetNodeCount), string(r.State),
		}
		if wide {
			var pools []string
			for _, p := range r.Pools {
				pools = append(pools, p.Name)
			}
			row = append(row, strings.Join(pools, ","), r.HourlyCost, r.Endpoint, r.Source, r.ObservedCommit[:min(12, len(r.ObservedCommit))], r.Headline())
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

func (r Report) is(kind string) string {
	for _, c := range r.Conditions {
		if c.Type == kind {
			return c.Status
		}
	}
	return ""
}
