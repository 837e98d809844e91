// SPDX-License-Identifier: Apache-2.0

package capacity_test

import (
	"fmt"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/golden"
)

// reactions are the actions in words.
var reactions = map[capacity.Action]string{
	capacity.ActWait:    "reads again soon",
	capacity.ActRetry:   "retries, with growing delays of up to ten minutes",
	capacity.ActBlock:   "takes another size, or waits for this one if it is named",
	capacity.ActRelax:   "gives the constraint up, then takes another size",
	capacity.ActRepair:  "writes the pool again, so that Azure repairs it",
	capacity.ActDelete:  "deletes the pool",
	capacity.ActSurface: "reports it, and retries after half an hour, then rarely",
}

// TestDocument writes docs/azure-errors.md from the table.
func TestDocument(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Azure's errors

<!-- Generated from internal/capacity/codes.go by ` + "`go test ./internal/capacity -update`" + `. -->

What syncer does about each answer of Azure, and what helps. The reason of a condition is ` + "`Pool`" + ` and the
class, such as ` + "`PoolQuota`" + `. A code inside of another error counts, in every form in which Azure wraps it.

A code that is in no row is of class Unknown: after three equal answers for a size syncer takes another one. The
status, the log, ` + "`capacity.yaml`" + ` and the metric
` + "`syncer_azure_pool_failures_total`" + ` name it. Please report it.

| Class | What syncer does | What helps |
|---|---|---|
`)
	cell := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
	for _, c := range capacity.Classes() {
		does := reactions[c.Action()]
		switch {
		case c == capacity.ClassUnknown:
			does = "retries, and takes another size after three equal answers"
		case c == capacity.ClassSpotTaken:
			does = "asks for another at once, and again for hours; takes another size where it chose the size"
		case c.ClusterWide():
			does += ", with one pool for all of the cluster"
		}
		cure := c.Cure()
		if cure == "" {
			cure = "nothing: it passes by itself"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c, does, cell(cure))
	}
	b.WriteString("\n| Code | Words | Class | What helps, if not as above | Source |\n|---|---|---|---|---|\n")
	for a := range capacity.Answers() {
		code := "any other"
		if a.Code != "" {
			code = "`" + a.Code + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | `%s` | %s | %s |\n",
			code, cell(strings.Join(a.Words, ", ")), a.Class, cell(a.Cure), cell(a.Source))
	}
	golden.Equal(t, "../../docs/azure-errors.md", []byte(b.String()))
}
