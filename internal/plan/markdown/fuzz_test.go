// SPDX-License-Identifier: Apache-2.0

package markdown_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/diff"
	"syncer.dev/syncer/internal/plan"
	"syncer.dev/syncer/internal/plan/markdown"
	"syncer.dev/syncer/internal/workspace"
)

// saying is a plan that has a text from a repository wherever one can be.
func saying(s string) plan.Plan {
	key := workspace.Key{Namespace: "default", Name: s + "w"} // with an asterisk at the end, it would be an InferenceSet
	gone := workspace.Key{Namespace: "gone", Name: s + "w"}
	values := func(n int) plan.Values {
		v := fmt.Sprintf("%s %d", s, n)
		return plan.Values{
			Preset: v, Model: v, Revision: strconv.Itoa(n) + s, Runtime: v, Image: v, InstanceType: v, Pool: v, Region: v,
			Nodes: n, Serves: true, Endpoint: s, HourlyCost: capacity.Cost{USD: float64(n), Known: true},
		}
	}
	pool := &capacity.PoolChange{}
	unified := "--- before\n+++ after\n@@ -1,2 +1,2 @@\n " + s + "\n-" + s + "\n+" +
		strings.ReplaceAll(s, "\n", "\n+") + "\n"
	return plan.Plan{
		Cluster: s, Base: s, Head: s, PricesDate: s,
		Workspaces: []*plan.Workspace{
			{
				Key: key, Op: plan.Replace, Pool: s, Reason: s, Notes: []string{s}, Before: values(1), After: values(2),
				Interrupts: []workspace.Key{gone}, Interrupted: true, Unplaced: s, Held: s,
			},
			{Key: gone, Op: plan.Delete, Before: values(1), Blocked: []string{s}},
		},
		Changes: []*plan.Change{
			{Workspace: key, Op: plan.Create, Target: s, Reason: s, Pool: pool},
			{Workspace: key, Op: plan.Update, Target: s, Reason: s, Texts: diff.Given(diff.Diff{Unified: unified})},
			{Workspace: key, Op: plan.Hold, Target: s, Reason: s, Refused: true},
			{Workspace: gone, Op: plan.Delete, Target: s},
			{Op: plan.Delete, Target: s, Reason: s},
		},
		Problems: []diag.Diagnostic{
			diag.Errorf("A", "%s", s).In(s).At(1, 2).On(s).Suggest(s), diag.Warningf("A", "%s", s).In(s).On(s).For(key),
		},
		Warnings: []string{s},
		Findings: []plan.Finding{
			{Workspace: key, Kind: plan.LimitExceeded, Verdict: diag.Fail, Text: s, Hint: s},
			{Workspace: key, Kind: plan.RemoteCode, Verdict: diag.Warn, Text: s, Hint: s},
			{Kind: plan.NotCompared, Verdict: diag.Off, Text: s, Hint: s},
		},
		Cost: plan.CostChange{
			Before: capacity.Cost{USD: 1, Known: true}, After: capacity.Cost{USD: 2, Known: true},
		},
	}
}

var attacks = []string{
	"x", "</summary></details><script>alert(1)</script>", "<details open>", "`", "```", "````diff\n```\n# heading", "~~~",
	"\n```\n", "a\n\n# heading", "a\n---", "a\n===", "[x](http://evil.example)", "![x](http://evil.example/x.png)",
	"<http://evil.example>", "http://evil.example", "www.evil.example", "a@evil.example", "@team",
	"@<11111111-2222-3333-4444-555555555555>", "#1", "!1", "GH-1", "TEAM-12", "team/repo#1",
	"c0fb9e74abda11b496b7907a9c6c9009a7a0488f", "/close", "\n/close\n", "a\r/close", "\r\n/assign @me", "- [ ] task",
	"* item", "1. item", "> quote", "a | b", `a \| b`, `a \\| b`, "|---|", "[^1]: note", "[^1]", ":tada:", "&lt;",
	"&#x3c;b&#x3e;", `\`, "``` x", "::error::x", "##vso[task.complete]", "##[error]", "\u202etxt", "\u2066", "\x1b[31m",
	"\x00", "\xff", "\u2028", "$`a`$", "$$x$$", "%v1", "~label", "<!-- marker -->", "-->", "    code", "\tcode",
	"term\n: definition", "[[_TOC_]]", "{{x}}", "<br>", "&", "*a* _b_ **c**", "password=hunter2", "with: az a `x; | y",
}

// textOf returns the text of a node that is nothing but text.
func textOf(n ast.Node, source []byte) []byte {
	switch n := n.(type) {
	case *ast.Text:
		return n.Value(source)
	case *ast.String:
		return n.Value
	}
	return nil
}

// structure is what a reader of Markdown makes of a comment, without its texts.
func structure(t *testing.T, source string) []string {
	t.Helper()
	md := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote, extension.DefinitionList))
	var out []string
	data := []byte(source)
	_ = ast.Walk(md.Parser().Parse(text.NewReader(data)), func(n ast.Node, enter bool) (ast.WalkStatus, error) {
		switch {
		case n.Kind() == ast.KindText || n.Kind() == ast.KindString:
			if found := active.Find(textOf(n, data)); enter && found != nil {
				t.Errorf("%q outside of code, in:\n%s", found, source)
			}
			return ast.WalkSkipChildren, nil
		case n.Kind() == ast.KindCodeSpan:
			return ast.WalkSkipChildren, nil
		case !enter:
			out = append(out, "end of "+n.Kind().String())
			return ast.WalkContinue, nil
		}
		kind := n.Kind().String()
		switch n := n.(type) {
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				kind += " " + ours.ReplaceAllString(strings.TrimSuffix(string(line.Value(data)), "\n"), "SUMMARY")
			}
		case *ast.FencedCodeBlock:
			kind += " " + string(n.Language(data))
		case *ast.Heading:
			kind += fmt.Sprint(n.Level)
		case *east.Table:
			kind += fmt.Sprint(len(n.Alignments))
		}
		out = append(out, kind)
		return ast.WalkContinue, nil
	})
	return out
}

var (
	// active is what a forge takes for a link, a mention, an emoji or HTML.
	active = regexp.MustCompile(`(?i)@|www\.[a-z0-9]|://|#[0-9]|![0-9]|:[a-z0-9_+-]+:|[<>&~$\[\]]|\bG[HL]-[0-9]`)
	// ours is the one form of summary that a comment has.
	ours = regexp.MustCompile(`^<summary><code>[^<>]*</code>[a-z0-9, :]*</summary>$`)
)

// FuzzMarkdown: a text from a repository changes nothing of the structure of a comment: a reader of Markdown finds the
// same headings, tables, lists, blocks of code and HTML as with a plain word in its place, and no link at all.
func FuzzMarkdown(f *testing.F) {
	for _, s := range attacks {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.TrimSpace(diag.EscapeText(s)) == "" || len(s) > 2000 {
			return
		}
		got := markdown.Render(saying(s), markdown.Options{})
		for line := range strings.Lines(got) {
			if strings.HasPrefix(line, "/") || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool {
				return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e' || r == '\u2028'
			}) {
				t.Errorf("the line %q", line)
			}
		}
		if diff := cmp.Diff(structure(t, markdown.Render(saying("x"), markdown.Options{})), structure(t, got)); diff != "" {
			t.Errorf("%q changes the comment:\n%s\n%s", s, diff, got)
		}
	})
}
