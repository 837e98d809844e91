package plan

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/workspace"
)

func sameObject(a, b *unstructured.Unstructured) bool { return reflect.DeepEqual(a.Object, b.Object) }

var marks = map[Op]string{Create: "+", Update: "~", Replace: "-/+", Delete: "-", NoOp: " ", Hold: "!"}

// Text prints the plan for people.
func (p *Plan) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Plan for cluster %s: %s -> %s\n", p.Cluster, shortRev(p.Base), shortRev(p.Head))
	for i := range p.Workspaces {
		p.workspaceText(&b, &p.Workspaces[i])
	}
	p.sharedText(&b)
	n := p.Counts()
	if p.Empty() {
		b.WriteString("\nNo changes.\n")
	} else {
		fmt.Fprintf(&b, "\n%d to create, %d to update, %d to replace, %d to delete.\n", n[Create], n[Update], n[Replace], n[Delete])
	}
	if p.Cost.Before != p.Cost.After {
		fmt.Fprintf(&b, "Cost: %s -> %s USD/h\n", p.Cost.Before, p.Cost.After)
	}
	for _, s := range p.Quota {
		fmt.Fprintf(&b, "Short of %s\n", s)
	}
	for _, text := range p.Warnings {
		fmt.Fprintf(&b, "Warning: %s\n", text)
	}
	for _, pr := range p.Problems {
		if pr.Workspace == (workspace.Key{}) || pr.Severity == workspace.Warning {
			fmt.Fprintf(&b, "%s\n", pr)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *Plan) workspaceText(b *strings.Builder, w *Workspace) {
	fmt.Fprintf(b, "\n%s %s", marks[w.Op], w.Key)
	if w.InstanceType != "" {
		fmt.Fprintf(b, "  %s on %d x %s, %s USD/h", w.Preset, w.Nodes, w.InstanceType, w.HourlyCost)
	}
	b.WriteString("\n")
	switch {
	case w.Unplaced != "":
		fmt.Fprintf(b, "    no place: %s\n", w.Unplaced)
	case w.Shared:
		fmt.Fprintf(b, "    shared pool %s, GPUs %d: %s\n", w.Pool, w.GPUs, w.Reason)
	case w.Pool != "":
		fmt.Fprintf(b, "    pool %s: %s\n", w.Pool, w.Reason)
	}
	for _, e := range w.Blocked {
		fmt.Fprintf(b, "    %s\n", e)
	}
	for _, n := range w.Notes {
		fmt.Fprintf(b, "    note: %s\n", n)
	}
	for i := range p.Changes {
		if c := &p.Changes[i]; c.Workspace == w.Key {
			c.text(b)
		}
	}
}

// ofOne reports whether the change belongs to one Workspace.
func (c *Change) ofOne() bool {
	_, set := capacity.SetOf(c.Workspace)
	return c.Workspace != (workspace.Key{}) && !set
}

// sharedText prints the changes that belong to no Workspace alone.
func (p *Plan) sharedText(b *strings.Builder) {
	head := "\n  shared\n"
	for i := range p.Changes {
		c := &p.Changes[i]
		if !c.ofOne() && c.Op != NoOp {
			b.WriteString(head)
			head = ""
			c.text(b)
		}
	}
}

func (c *Change) text(b *strings.Builder) {
	if c.Op == NoOp {
		return
	}
	fmt.Fprintf(b, "  %3s %s", marks[c.Op], c.Target)
	if c.Reason != "" {
		fmt.Fprintf(b, "  (%s)", c.Reason)
	}
	b.WriteString("\n")
	for _, f := range c.Fields {
		fmt.Fprintf(b, "        %s\n", f)
	}
}

func shortRev(rev string) string {
	if len(rev) == 40 {
		return rev[:12]
	}
	return rev
}
