// SPDX-License-Identifier: Apache-2.0

package reviewtest

import (
	"fmt"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/review"
)

// say writes a comment, and returns its URL and how many writes that took.
func say(t *testing.T, h Harness, f review.Forge, number int, cluster, text string) (url string, writes int) {
	t.Helper()
	before := h.Writes()
	url, err := f.Comment(t.Context(), number, marker(cluster), marker(cluster)+"\n"+text)
	if err != nil {
		t.Fatal(err)
	}
	return url, h.Writes() - before
}

// own returns the comments of the user of the Forge.
func own(h Harness, number int) []string {
	out := []string{}
	for _, c := range h.Comments(number) {
		if c.Own {
			out = append(out, c.Body)
		}
	}
	return out
}

func expectOwn(t *testing.T, h Harness, number int, texts ...string) {
	t.Helper()
	got := own(h, number)
	if len(got) != len(texts) {
		t.Fatalf("%d comments, want %d: %q", len(got), len(texts), got)
	}
	for i, text := range texts {
		if !strings.Contains(got[i], text) {
			t.Errorf("comment %q, want one with %q", got[i], text)
		}
	}
}

func comment(t *testing.T, h Harness) {
	number := h.Open("main")
	f := h.Forge()
	url, writes := say(t, h, f, number, "demo", "one model more")
	if !strings.HasPrefix(url, "http") || writes == 0 {
		t.Errorf("URL %q, %d writes", url, writes)
	}
	again, writes := say(t, h, f, number, "demo", "one model more")
	if again != url || writes != 0 {
		t.Errorf("the same comment: %d writes, URL %q instead of %q", writes, again, url)
	}
	if again, writes = say(t, h, h.Forge(), number, "demo", "one model more"); again != url || writes != 0 {
		t.Errorf("after a restart: %d writes, URL %q instead of %q", writes, again, url)
	}
	if again, _ = say(t, h, f, number, "demo", "two models more"); again != url {
		t.Errorf("an edited comment has URL %q instead of %q", again, url)
	}
	expectOwn(t, h, number, "two models more")
	h.DeleteComments(number)
	say(t, h, f, number, "demo", "two models more")
	expectOwn(t, h, number, "two models more")
}

func commentsOfOthers(t *testing.T, h Harness) {
	number := h.Open("main")
	h.CommentAs(number, marker("demo")+"\nall is well")
	say(t, h, h.Forge(), number, "demo", "blocked")
	say(t, h, h.Forge(), number, "demo", "still blocked")
	h.CommentAs(number, marker("demo")+"\nall is well again")
	say(t, h, h.Forge(), number, "demo", "blocked for good")
	expectOwn(t, h, number, "blocked for good")
	others := 0
	for _, c := range h.Comments(number) {
		if !c.Own && strings.Contains(c.Body, "all is well") {
			others++
		}
	}
	if others != 2 {
		t.Errorf("comments of others: %+v", h.Comments(number))
	}
}

func twoClusters(t *testing.T, h Harness) {
	number, f := h.Open("main"), h.Forge()
	for range 2 {
		say(t, h, f, number, "demo", "plan of demo")
		say(t, h, f, number, "demo-2", "plan of demo-2")
	}
	expectOwn(t, h, number, "plan of demo", "plan of demo-2")
	say(t, h, f, number, "demo", "new plan of demo")
	expectOwn(t, h, number, "new plan of demo", "plan of demo-2")
}

// manyComments is more than a page of any forge.
func manyComments(t *testing.T, h Harness) {
	number := h.Open("main")
	const before, after = 55, 55
	for i := range before {
		h.CommentAs(number, fmt.Sprintf("remark %d", i))
	}
	say(t, h, h.Forge(), number, "demo", "first")
	for i := range after {
		h.CommentAs(number, fmt.Sprintf("remark %d", before+i))
	}
	say(t, h, h.Forge(), number, "demo", "second")
	expectOwn(t, h, number, "second")
}

func largestComment(t *testing.T, h Harness) {
	number, f := h.Open("main"), h.Forge()
	limit := f.Limits().Comment
	if limit < 1000 {
		t.Fatalf("a comment may have %d bytes", limit)
	}
	const end = "the end"
	text := strings.Repeat("0123456 \n", limit/9+1)[:limit-len(marker("demo"))-1-len(end)] + end
	say(t, h, f, number, "demo", text)
	expectOwn(t, h, number, end)
	if _, writes := say(t, h, h.Forge(), number, "demo", text); writes != 0 {
		t.Errorf("%d writes for the same comment", writes)
	}
}

// textOfComment is text that forges are known to change: lines, spaces, characters of other scripts, HTML.
func textOfComment(t *testing.T, h Harness) {
	number := h.Open("main")
	const text = "### 1 model more\n\n| model | cost |\n|---|---|\n| `phi-4` | +3,000 USD |\n\n" +
		"<details><summary>Details</summary>\n\n```diff\n- a: \"b\"\n+ a: <&>\n```\n\n</details>\n\nGrüße, 模型 🙂\n"
	say(t, h, h.Forge(), number, "demo", text)
	if _, writes := say(t, h, h.Forge(), number, "demo", text); writes != 0 {
		t.Errorf("%d writes for the same comment", writes)
	}
	expectOwn(t, h, number, "Grüße, 模型 🙂")
	expectOwn(t, h, number, "+ a: <&>")
}
