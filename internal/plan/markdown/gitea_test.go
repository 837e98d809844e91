// SPDX-License-Identifier: Apache-2.0

package markdown_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"syncer.dev/syncer/internal/git/gittest"
	"syncer.dev/syncer/internal/plan/markdown"
	"syncer.dev/syncer/internal/testenv/giteatest"
)

var (
	tag = regexp.MustCompile(`</?[a-z][a-z0-9-]*`)
	// live is what acts in the browser of a reader, or notifies a user: links, pictures, forms, scripts.
	live = regexp.MustCompile(`<(a|img|input|script|form|iframe|object|svg|style|video)\b[^>]*>`)
)

// shape is the tags of a page, without those of inline code and of colours: any text may become code.
func shape(html string) []string {
	return slices.DeleteFunc(tag.FindAllString(html, -1), func(s string) bool {
		name := strings.Trim(s, "</")
		return name == "span" || name == "code"
	})
}

// TestGiteaMarkdown has a real forge judge the escaping: for any text of a repository, the comment has the tags of one
// that says a plain word, and no link. The user, the issue and the commit that the attacks name exist.
func TestGiteaMarkdown(t *testing.T) {
	server := giteatest.Start(t)
	r := server.User("team").Repository("models")
	commit := r.Commit(map[string]string{"README.md": "x\n"}, "first")
	r.Push(gittest.Main)
	r.Git("branch", "topic", gittest.Main)
	r.CommitTo("topic", map[string]string{"a": "x\n"}, "second")
	r.Push("topic")
	number := r.Open(r.Owner(), "topic", gittest.Main, "number one")
	shown := func(body string) string {
		id := r.Comment(r.Owner(), number, body)
		defer r.DeleteComment(id)
		return r.Rendered(number, id)
	}

	own := []string{commit, "@team", "#1", "team/models#1", server.URL + "/team/models/pulls/1"}
	for _, s := range own {
		if html := shown("see " + s); !live.MatchString(html) {
			t.Errorf("the forge links nothing in %q, so that this test shows nothing: %s", s, html)
		}
	}
	want := shape(shown(markdown.Render(saying("x"), markdown.Options{})))
	if len(want) < 50 || !slices.Contains(want, "<table") || !slices.Contains(want, "<details") {
		t.Fatalf("a plain comment has the tags %v", want)
	}
	for _, s := range slices.Concat(own, attacks) {
		html := shown(markdown.Render(saying(s), markdown.Options{}))
		if found := live.FindAllString(html, -1); len(found) > 0 {
			t.Errorf("%q becomes %s", s, strings.Join(found, " "))
		}
		if diff := cmp.Diff(want, shape(html)); diff != "" {
			t.Errorf("%q changes the tags (-plain +this):\n%s", s, diff)
		}
	}
}
