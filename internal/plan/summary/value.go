// SPDX-License-Identifier: Apache-2.0

package summary

import (
	"cmp"
	"fmt"
	"math"
	"strconv"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/plan"
)

// Difference is one of the values of a Workspace before and after a change, in words; "" where there is none.
type Difference struct{ Name, Before, After string }

// Differences returns the values that differ, in the order in which a reviewer reads them. Costs are not among them.
func Differences(before, after plan.Values) []Difference {
	was, is := valuesOf(before), valuesOf(after)
	var out []Difference
	for i, v := range was {
		if v.text != is[i].text {
			out = append(out, Difference{v.name, v.text, is[i].text})
		}
	}
	return out
}

// value is one value with its name, as text.
type value struct{ name, text string }

// valuesOf are the values as text, the same names in the same order for all.
func valuesOf(v plan.Values) []value {
	nodes := ""
	if v.InstanceType != "" {
		nodes = "on demand"
		if v.Spot {
			nodes = "spot, which Azure may evict"
		}
	}
	task := ""
	switch {
	case v.Endpoint != "":
		task = "inference"
	case v.Image != "":
		task = "tuning"
	}
	return []value{
		{"task", task},
		{"preset", v.Preset},
		{"model", v.Model},
		{"revision", Short(v.Revision)},
		{"runtime", v.Runtime},
		{"image", v.Image},
		{"context", counted(v.ContextLength, "token")},
		{"size", v.InstanceType},
		{"pool", v.Pool},
		{"nodes", counted(v.Nodes, "")},
		{"GPUs", counted(v.GPUs, "")},
		{"tensor parallel", counted(v.TensorParallel, "")},
		{"pipeline parallel", counted(v.PipelineParallel, "")},
		{"data parallel", counted(v.DataParallel, "")},
		{"region", v.Region},
		{"capacity", nodes},
		{"endpoint", v.Endpoint},
	}
}

// counted is a number of things as text; "" for none.
func counted(n int, thing string) string {
	switch {
	case n == 0:
		return ""
	case thing == "":
		return strconv.Itoa(n)
	case n == 1:
		return "1 " + thing
	}
	return plan.Thousands(n) + " " + thing + "s"
}

// Serving is what a change does to those who send requests to a Workspace.
type Serving string

// The effects on serving.
const (
	NotServing         Serving = ""            // it is no server, before and after
	ServingStarts      Serving = "starts"      // there was none before
	ServingContinues   Serving = "continues"   // without a pause that is known of
	ServingInterrupted Serving = "interrupted" // it stops, and starts again
	ServingStops       Serving = "stops"       // it stops, and the Workspace stays: the findings say why
	ServingEnds        Serving = "ends"        // it stops for good
)

// ServingOf says what the change does to those who send requests to a Workspace.
func ServingOf(w *plan.Workspace) Serving {
	switch {
	case !w.Before.Serves && (!w.After.Serves || w.Op == plan.Hold):
		return NotServing
	case !w.Before.Serves:
		return ServingStarts
	case w.Op == plan.Hold:
		return ServingContinues
	case w.Op == plan.Delete:
		return ServingEnds
	case !w.After.Serves:
		return ServingStops
	case w.Interrupted:
		return ServingInterrupted
	}
	return ServingContinues
}

// Nodes is the number of nodes and their size, "2 x Standard_NC24ads_A100_v4".
func Nodes(v plan.Values) string { return fmt.Sprintf("%d x %s", v.Nodes, v.InstanceType) }

// USD is an amount in whole US dollars, "2,681".
func USD(usd float64) string { return plan.Thousands(int(math.Round(usd))) }

// Month is the cost of a month in whole US dollars, or "unknown".
func Month(hourly capacity.Cost) string {
	if !hourly.Known {
		return "unknown"
	}
	return USD(hourly.Monthly().USD)
}

// Short is a commit as people read it, or the name as it is.
func Short(rev string) string {
	if len(rev) == 40 || len(rev) == 64 {
		return rev[:12]
	}
	return rev
}

// Title names the model that a Workspace runs, for a table: its preset, or else the repository of the weights.
func Title(v plan.Values) string { return cmp.Or(v.Preset, v.Model) }
