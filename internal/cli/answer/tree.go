// SPDX-License-Identifier: Apache-2.0

package answer

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/status"
)

// Branch is one line of a tree, with the lines below it.
type Branch struct {
	Text  string
	Below []Branch
}

// TreeOf returns what a Workspace consists of, as its Report has it: conditions, pools with their nodes, objects.
func TreeOf(r status.Report) Branch {
	root := Branch{Text: join("Workspace/"+r.Key.String(), string(r.State), r.Headline(), r.Source)}
	for _, c := range r.Conditions {
		root.Below = append(root.Below, Branch{Text: join(c.Type+"="+c.Status, c.Reason)})
	}
	left := slices.Clone(r.WorkerNodes)
	for _, p := range r.Pools {
		b := Branch{Text: join("Pool/"+p.Name, p.State, fmt.Sprintf("%s of %s", Plural(p.Nodes, "node"), r.InstanceType))}
		left = slices.DeleteFunc(left, func(node string) bool {
			inPool := strings.Contains(node, "-"+p.Name+"-")
			if inPool {
				b.Below = append(b.Below, Branch{Text: "Node/" + node})
			}
			return inPool
		})
		root.Below = append(root.Below, b)
	}
	for _, node := range left { // of existing nodes, and of Karpenter
		root.Below = append(root.Below, Branch{Text: "Node/" + node})
	}
	for _, o := range r.Objects {
		endpoint := ""
		if o == "Service/"+r.Name {
			endpoint = r.Endpoint
		}
		root.Below = append(root.Below, Branch{Text: join(o, endpoint)})
	}
	return root
}

// join puts the texts that are not empty on one line.
func join(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), "  ")
}

// PrintTree prints a tree in the manner of "kubectl tree".
func PrintTree(w io.Writer, b Branch) error {
	var text strings.Builder
	text.WriteString(diag.EscapeText(b.Text) + "\n")
	b.write(&text, "")
	_, err := io.WriteString(w, text.String())
	return err
}

func (b Branch) write(text *strings.Builder, indent string) {
	for i, below := range b.Below {
		mark, next := "├─ ", "│  "
		if i == len(b.Below)-1 {
			mark, next = "└─ ", "   "
		}
		text.WriteString(indent + mark + diag.EscapeText(below.Text) + "\n")
		below.write(text, indent+next)
	}
}
