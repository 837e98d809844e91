// SPDX-License-Identifier: Apache-2.0

package forgehttp

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"syncer.dev/syncer/internal/review"
)

// pages are what a server has.
type pages []Page

// get answers as a server that knows entity tags where it has some.
func (p pages) get(n int, etag string) (Page, bool, error) {
	if n > len(p) {
		return Page{}, false, errors.New("there is no such page")
	}
	page := p[n-1]
	page.More = n < len(p)
	return page, etag == "" || etag != page.ETag, nil
}

func page(tag string, numbers ...int) Page {
	p := Page{ETag: tag}
	for _, n := range numbers {
		p.Items = append(p.Items, review.PullRequest{Number: n})
	}
	return p
}

func TestFetch(t *testing.T) {
	for name, steps := range map[string][]struct {
		server  pages
		want    []int
		changed bool
	}{
		"tags": {
			{pages{page("a", 1, 2)}, []int{1, 2}, true},
			{pages{page("a", 1, 2)}, nil, false},
			{pages{page("b", 1)}, []int{1}, true},
		},
		"a change on the last page": {
			{pages{page("a", 1, 2), page("b", 3)}, []int{1, 2, 3}, true},
			{pages{page("a", 1, 2), page("c", 3, 4)}, []int{1, 2, 3, 4}, true},
			{pages{page("a", 1, 2), page("c", 3, 4)}, nil, false},
		},
		"a page more, and one less": {
			{pages{page("a", 1, 2)}, []int{1, 2}, true},
			{pages{page("x", 1, 2), page("b", 3)}, []int{1, 2, 3}, true},
			{pages{page("a", 1, 2)}, []int{1, 2}, true},
		},
		"no tags": {
			{pages{page("", 2, 1)}, []int{1, 2}, true},
			{pages{page("", 2, 1)}, nil, false},
			{pages{page("", 2)}, []int{2}, true},
			{pages{page("")}, []int{}, true},
		},
		"nothing from the start": {
			{pages{page("")}, []int{}, true},
			{pages{page("")}, nil, false},
		},
		"an entry that moved to the next page": {
			{pages{page("a", 1, 2), page("b", 2, 3)}, []int{1, 2, 3}, true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var l List
			for i, step := range steps {
				list, changed, err := l.Fetch(step.server.get)
				var got []int
				for _, pr := range list {
					got = append(got, pr.Number)
				}
				if err != nil || changed != step.changed || !slices.Equal(got, step.want) {
					t.Fatalf("step %d: %v, changed %v, %v; want %v, %v", i, got, changed, err, step.want, step.changed)
				}
			}
		})
	}
}

// TestFetchFails: a list that failed half-way is not taken for seen.
func TestFetchFails(t *testing.T) {
	var l List
	server := pages{page("a", 1), page("b", 2)}
	if _, _, err := l.Fetch(server.get); err != nil {
		t.Fatal(err)
	}
	server[0] = page("c", 1, 3)
	broken := func(n int, etag string) (Page, bool, error) {
		if n == 2 {
			return Page{}, false, errors.New("bad gateway")
		}
		return server.get(n, etag)
	}
	if _, _, err := l.Fetch(broken); err == nil {
		t.Error("no error")
	}
	if list, changed, err := l.Fetch(server.get); !changed || len(list) != 3 || err != nil {
		t.Errorf("%v, changed %v, %v", list, changed, err)
	}
	endless := func(int, string) (Page, bool, error) { return Page{More: true}, true, nil }
	if _, _, err := l.Fetch(endless); err == nil || !strings.Contains(err.Error(), "more than 3000") {
		t.Errorf("error %v", err)
	}
}

func TestChecked(t *testing.T) {
	good := review.PullRequest{Number: 7, Head: strings.Repeat("a", 40), URL: "https://git.example.com/x", Title: "t"}
	if got, err := Checked(good); err != nil || got != good {
		t.Errorf("%+v, %v", got, err)
	}
	for name, change := range map[string]func(*review.PullRequest){
		"number":         func(pr *review.PullRequest) { pr.Number = 0 },
		"no head":        func(pr *review.PullRequest) { pr.Head = "" },
		"an option":      func(pr *review.PullRequest) { pr.Head = "--upload-pack=touch" },
		"upper case":     func(pr *review.PullRequest) { pr.Head = strings.Repeat("A", 40) },
		"a line more":    func(pr *review.PullRequest) { pr.Head += "\n" },
		"merge":          func(pr *review.PullRequest) { pr.Merged = "main" },
		"merge too long": func(pr *review.PullRequest) { pr.Merged = strings.Repeat("a", 41) },
	} {
		pr := good
		if change(&pr); true {
			if _, err := Checked(pr); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
	}
	hostile := good
	hostile.Title = "a\nb\x1b[31m\u202e" + strings.Repeat("模", 1000)
	hostile.URL = "javascript:alert(1)"
	got, err := Checked(hostile)
	if err != nil || got.URL != "" || utf8.RuneCountInString(got.Title) > maxTitle ||
		strings.ContainsAny(got.Title, "\n\x1b\u202e") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestLine(t *testing.T) {
	for _, test := range []struct {
		in    string
		limit int
		want  string
	}{
		{"ready", 140, "ready"},
		{" two\n lines\t", 140, "two lines"},
		{strings.Repeat("模", 10), 10, strings.Repeat("模", 10)},
		{strings.Repeat("模", 11), 10, strings.Repeat("模", 7) + "..."},
		{"abc def ghi", 10, "abc def..."},
		{"password=hunter2hunter2", 140, "password=[redacted]"},
		{"\xff\xfe", 10, "\ufffd"},
	} {
		if got := Line(test.in, test.limit); got != test.want {
			t.Errorf("%q: %q, want %q", test.in, got, test.want)
		}
	}
}

func TestWritten(t *testing.T) {
	w := Written{Sent: "a <b>", Kept: "a &lt;b>"}
	for _, test := range []struct {
		body, held string
		want       bool
	}{
		{"x\ny\n", "x\r\ny", true},
		{"a <b>", "a &lt;b>", true},
		{"a <b>", "a &lt;c>", false},
		{"a <c>", "a &lt;b>", false},
	} {
		if got := w.Equal(test.body, test.held); got != test.want {
			t.Errorf("%q, held %q: %v", test.body, test.held, got)
		}
	}
	if (Written{}).Equal("", "x") || (Written{}).Equal("x", "") {
		t.Error("an empty memory is equal to something")
	}
	for _, err := range []error{Sendable("m", "text", 10), Sendable("", "text", 10), Sendable("t", "too long", 7)} {
		if err == nil {
			t.Error("no error")
		}
	}
}
