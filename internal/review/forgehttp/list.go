// SPDX-License-Identifier: Apache-2.0

package forgehttp

import (
	"fmt"
	"reflect"
	"slices"

	"syncer.dev/syncer/internal/review"
)

// maxPages bounds the pages of a list. A page holds 100 entries.
const maxPages = 30

// Page is one page of a list.
type Page struct {
	ETag  string // "" if the server has sent none
	Items []review.PullRequest
	More  bool // there is a next page
}

// List is a list of pull requests that is asked for again and again. Its zero value is a list that was never seen. It
// is not safe for concurrent use.
type List struct {
	pages []Page
	seen  bool
}

// Fetch asks for the pages by number, from 1. get is given the entity tag of the page as it was last seen, and returns
// false if the server says that it is still the same. Each page has a tag of its own, so that all are asked for: a new
// pull request is on the last one. Fetch returns the whole list by ascending number, or that nothing has changed.
//
// Nothing is kept of a list that fails half-way, so that the next one is not taken for unchanged.
func (l *List) Fetch(get func(page int, etag string) (Page, bool, error)) (list []review.PullRequest, _ bool, _ error) {
	var pages []Page
	changed := !l.seen
	for n := 1; ; n++ {
		if n > maxPages {
			return nil, false, fmt.Errorf("there are more than %d open pull requests", maxPages*100)
		}
		var old Page
		if n <= len(l.pages) {
			old = l.pages[n-1]
		} else {
			changed = true
		}
		page, fresh, err := get(n, old.ETag)
		switch {
		case err != nil:
			return nil, false, err
		case !fresh:
			page = old
		case page.ETag == "" && page.More == old.More && reflect.DeepEqual(page.Items, old.Items):
			// A server without entity tags, or a proxy that removes them.
		default:
			changed = true
		}
		pages = append(pages, page)
		if !page.More {
			break
		}
	}
	changed = changed || len(pages) != len(l.pages)
	l.pages, l.seen = pages, true
	if !changed {
		return nil, false, nil
	}
	seen := map[int]bool{}
	for _, page := range pages {
		for _, pr := range page.Items {
			if !seen[pr.Number] { // an entry may move to the next page between two requests
				seen[pr.Number] = true
				list = append(list, pr)
			}
		}
	}
	slices.SortFunc(list, func(a, b review.PullRequest) int { return a.Number - b.Number })
	return list, true, nil
}
