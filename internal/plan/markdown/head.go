// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/summary"
)

// head writes the verdict, and what it is about.
func (c *comment) head(b *strings.Builder) {
	p := c.plan
	fmt.Fprintf(b, "### %s\n\n", text(p.Verdict().Line))
	fmt.Fprintf(b, "Plan of syncer for cluster %s, from %s to %s.\n\n",
		diag.MarkdownCode(p.Cluster), diag.MarkdownCode(summary.Short(p.Base)), diag.MarkdownCode(summary.Short(p.Head)))
	fmt.Fprintf(b, "- **Cost** of all nodes: %s\n- **Serving**: %s\n", c.cost(), c.serving())
}

// cost says what all nodes cost, before and after.
func (c *comment) cost() string {
	before, after := c.plan.Cost.Before, c.plan.Cost.After
	if before == after && after.Known && after.USD == 0 {
		return "nothing is bought."
	}
	out := arrow(summary.Month(before), summary.Month(after)) + " USD/month (" +
		arrow(before.String(), after.String()) + " USD/h)"
	if before == after && after.Known {
		out += ", as before"
	}
	if c.plan.PricesDate != "" {
		out += ", by prices of " + text(c.plan.PricesDate)
	}
	return out + "."
}

// serving says which Workspaces stop serving.
func (c *comment) serving() string {
	names, fewer := map[summary.Serving][]string{}, c.plan.FewerReplicas()
	for i := range c.plan.Workspaces {
		w := c.plan.Workspaces[i]
		if fewer[w.Key] {
			continue
		}
		effect := summary.ServingOf(w)
		names[effect] = append(names[effect], diag.MarkdownCode(w.Key.String()))
	}
	var out []string
	for _, part := range []struct {
		effect    summary.Serving
		one, many string
	}{
		{summary.ServingEnds, "**stops for good**", "**stop for good**"},
		{summary.ServingStops, "**stops**", "**stop**"},
		{summary.ServingInterrupted, serving[summary.ServingInterrupted], "**stop** until their new pods are ready"},
	} {
		switch all := names[part.effect]; len(all) {
		case 0:
		case 1:
			out = append(out, all[0]+" "+part.one)
		default:
			out = append(out, few(all)+" "+part.many)
		}
	}
	if len(out) == 0 {
		return "no model is known to stop."
	}
	return strings.Join(out, "; ") + "."
}

// few is some of the names, and the number of the others.
func few(names []string) string {
	if len(names) <= namesInBold {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %s more", strings.Join(names[:namesInBold], ", "), plan.Thousands(len(names)-namesInBold))
}

// leftOut says what the comment lacks, and where it is.
func (c *comment) leftOut(b *strings.Builder) {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{
		{c.left.diffs, "the diff of %s object"},
		{c.left.details, "the details of %s Workspace"},
		{c.left.rows, "%s row"},
		{c.cautions.left, "%s warning"},
		{c.notes.left, "%s note"},
		{c.blockers.left + c.deletions.left, "%s line"},
	} {
		if part.n > 0 {
			words := fmt.Sprintf(part.what, plan.Thousands(part.n))
			if part.n > 1 {
				words += "s"
			}
			parts = append(parts, words)
		}
	}
	if c.blockers.short || c.deletions.short {
		parts = append(parts, "reasons")
	}
	if c.blockers.few > 0 || c.deletions.few > 0 {
		parts = append(parts, "names")
	}
	if len(parts) == 0 {
		return
	}
	where := "`syncer plan --base " + plainRev(c.plan.Base) + " --head " + plainRev(c.plan.Head) + "` prints it"
	if link, ok := address(c.options.Link); ok {
		where = "[the whole plan](" + link + ") has it"
	} else if c.plan.Base == plan.Live {
		where = "`syncer plan` prints it"
	}
	fmt.Fprintf(b, "\nToo long for one comment. Left out: %s; %s.\n", strings.Join(parts, ", "), where)
}

// plainRev is a commit for a command line.
func plainRev(rev string) string {
	for _, r := range rev {
		if !strings.ContainsRune("0123456789abcdef", r) {
			return "COMMIT"
		}
	}
	return rev
}

// address is a link that cannot end before its end.
func address(link string) (string, bool) {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", false
	}
	odd := strings.NewReplacer("<", "%3C", ">", "%3E", `\`, "%5C", "`", "%60", "|", "%7C")
	return "<" + odd.Replace(u.String()) + ">", true
}

// command is the start of a command of Azure in a sentence, which ends with the sentence or at a semicolon.
var command = regexp.MustCompile(`\baz [a-z]+ [^;]*`)

// text is text of one line, with an arrow in place of the one of ASCII, which Markdown could not have without code.
func text(s string) string {
	if at := command.FindStringIndex(s); at != nil {
		before, after := text(s[:at[0]]), s[at[1]:]
		if rest, ok := strings.CutPrefix(after, ";"); ok {
			after = "; " + text(rest)
		}
		return strings.TrimSpace(before + " " + diag.MarkdownCode(s[at[0]:at[1]]) + after)
	}
	return diag.EscapeMarkdown(strings.NewReplacer(" -> ", " → ", " x ", " × ").Replace(s))
}

// arrow is a value before and after; once if it stays.
func arrow(before, after string) string {
	if before == after {
		return after
	}
	return before + " → " + after
}
