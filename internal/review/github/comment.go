// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v84/github"

	"syncer.dev/syncer/internal/review/forgehttp"
)

type commentKey struct {
	number int
	marker string
}

// comment is where a comment of ours is, and what became of the text that was sent.
type comment struct {
	id int64
	forgehttp.Written
}

// Comment implements review.Forge. Of several comments of ours with the marker, the oldest counts: a person whose token
// this is may quote one.
func (f *Forge) Comment(ctx context.Context, number int, marker, body string) (string, error) {
	if err := forgehttp.Sendable(marker, body, maxComment); err != nil {
		return "", f.fault(err, "comment on pull request %d", number)
	}
	done, err := f.turn.Take(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	me, err := f.self(ctx)
	if err != nil {
		return "", err
	}
	address, err := f.comment(ctx, me, commentKey{number, marker}, body)
	return address, f.fault(err, "comment on pull request %d", number)
}

func (f *Forge) comment(ctx context.Context, me account, key commentKey, body string) (string, error) {
	last, _ := f.comments.Get(key)
	found, err := f.find(ctx, me, key, last.id)
	if err != nil {
		return "", err
	}
	if found != nil && last.id != found.GetID() {
		last = comment{id: found.GetID()}
	}
	if found != nil && last.Equal(body, found.GetBody()) {
		f.comments.Add(key, last)
		return forgehttp.Web(found.GetHTMLURL()), nil
	}
	f.comments.Remove(key) // until the answer says what is there
	sent := &github.IssueComment{Body: &body}
	if found == nil {
		found, _, err = f.sdk.Issues.CreateComment(ctx, f.owner, f.name, key.number, sent)
	} else {
		found, _, err = f.sdk.Issues.EditComment(ctx, f.owner, f.name, found.GetID(), sent)
	}
	if err != nil {
		return "", err
	}
	f.comments.Add(key, comment{found.GetID(), forgehttp.Written{Sent: body, Kept: found.GetBody()}})
	return forgehttp.Web(found.GetHTMLURL()), nil
}

// find returns our comment with the marker, or nil. It asks for the comment that was there last, and looks through all
// where that is gone.
func (f *Forge) find(ctx context.Context, me account, key commentKey, last int64) (*github.IssueComment, error) {
	ours := func(c *github.IssueComment) bool {
		return me.is(c.GetUser()) && strings.Contains(c.GetBody(), key.marker)
	}
	if last != 0 {
		c, resp, err := f.sdk.Issues.GetComment(ctx, f.owner, f.name, last)
		switch {
		case err == nil && ours(c):
			return c, nil
		case err != nil && (resp == nil || resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusGone):
			return nil, err
		}
	}
	options := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: perPage, Page: 1}}
	for range maxPages {
		list, resp, err := f.sdk.Issues.ListComments(ctx, f.owner, f.name, key.number, options)
		if err != nil {
			return nil, err
		}
		for _, c := range list { // by ascending number
			if ours(c) {
				return c, nil
			}
		}
		if resp.NextPage == 0 {
			return nil, nil //nolint:nilnil // there is no such comment
		}
		options.Page++
	}
	return nil, fmt.Errorf("none of the first %d comments is ours", maxPages*perPage)
}
