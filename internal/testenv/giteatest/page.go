// SPDX-License-Identifier: Apache-2.0

package giteatest

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// Rendered returns the HTML of a comment on a pull request as a browser gets it: with links to the users, issues and
// commits of the repository. The API's own endpoints for Markdown know no repository, and Gitea 1.26 crashes where a
// text that they get names a commit.
func (r *Repository) Rendered(number int, id int64) string {
	s := r.owner.server
	s.t.Helper()
	ctx, cancel := s.context()
	defer cancel()
	url := fmt.Sprintf("%s/%s/pulls/%d", s.URL, r.Path(), number)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		s.t.Fatalf("%v", err)
		return ""
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s: %d, %v", url, resp.StatusCode, err)
	}
	before, _, found := strings.Cut(string(page), fmt.Sprintf(`<div id="issuecomment-%d-raw"`, id))
	start := strings.LastIndex(before, contentBegins)
	if !found || start < 0 {
		s.t.Fatalf("%s shows no comment %d", url, id)
		return ""
	}
	_, content, _ := strings.Cut(before[start:], ">")
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(content), "</div>"))
}

const contentBegins = `<div class="render-content markup"`

// Text is what a person reads of a page: its text, a line for each row, item, heading and line of code. What is folded
// is a line with its summary.
func Text(page string) string {
	page = folded(page)
	page = lines.ReplaceAllString(page, "\n")
	page = cells.ReplaceAllString(page, "  ")
	text := html.UnescapeString(tags.ReplaceAllString(page, ""))
	var out []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \t\n"); line != "" {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// folded replaces each part that is folded, the innermost first, by its summary.
func folded(page string) string {
	const begin, end, summary = "<details>", "</details>", "</summary>"
	for {
		start := strings.LastIndex(page, begin)
		if start < 0 {
			return page
		}
		part, after, _ := strings.Cut(page[start+len(begin):], end)
		head, _, _ := strings.Cut(part, summary)
		page = page[:start] + "▸ " + strings.TrimSpace(head) + "\n" + after
	}
}

var (
	lines = regexp.MustCompile(`</(tr|p|li|h[1-6]|summary|pre|div)>|<br[^>]*>`)
	cells = regexp.MustCompile(`\s*</t[dh]>\s*`)
	tags  = regexp.MustCompile(`<[^>]*>`)
)
