// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"fmt"
	"net/url"
	"strings"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/plan"
)

// head writes the verdict, and what it is about.
func (c *comment) head(b *strings.Builder) {
	p := c.plan
	fmt.Fprintf(b, "### %s\n\n", text(p.Verdict().Line))
	fmt.Fprintf(b, "Plan of syncer for cluster %s, from %s to %s.", diag.MarkdownCode(p.Cluster), diag.MarkdownCode(plan.Short(p.Base)),
		diag.MarkdownCode(plan.Short(p.Head)))
	if p.Cost.Before != p.Cost.After || p.Cost.After.USD > 0 {
		fmt.Fprintf(b, " All nodes cost %s USD/month (%s USD/h)",
			arrow(month(p.Cost.Before), month(p.Cost.After)), arrow(p.Cost.Before.String(), p.Cost.After.String()))
		if p.PricesDate != "" {
			fmt.Fprintf(b, ", by prices of %s", text(p.PricesDate))
		}
		b.WriteString(".")
	}
	b.WriteString("\n")
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
		{c.blockers.left + c.deletions.left, "%s name"},
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
	return "<" + strings.NewReplacer("<", "%3C", ">", "%3E", `\`, "%5C", "`", "%60", "|", "%7C").Replace(u.String()) + ">", true
}

// text is text of one line, with an arrow in place of the one of ASCII, which Markdown could not have without code.
func text(s string) string {
	return diag.EscapeMarkdown(strings.NewReplacer(" -> ", " → ", " x ", " × ").Replace(s))
}

// arrow is a value before and after; once if it stays.
func arrow(before, after string) string {
	if before == after {
		return after
	}
	return before + " → " + after
}

// month is the cost of a month in whole US dollars.
func month(hourly capacity.Cost) string {
	if !hourly.Known {
		return "unknown"
	}
	return plan.USD(hourly.Monthly().USD)
}
