// SPDX-License-Identifier: Apache-2.0

package gitea

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"code.gitea.io/sdk/gitea"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

// Comment implements review.Forge. Of several comments of this user with the marker the oldest counts; the others stay,
// because a person who shares the account may have quoted one.
func (f *Forge) Comment(ctx context.Context, number int, marker, body string) (string, error) {
	url, err := f.comment(ctx, number, marker, body)
	return url, f.client.Error(fmt.Sprintf("comment on pull request %d of %s/%s", number, f.owner, f.name), err)
}

func (f *Forge) comment(ctx context.Context, number int, marker, body string) (string, error) {
	switch {
	case marker == "" || !strings.Contains(body, marker):
		return "", errors.New("the marker is no part of the comment")
	case len(body) > maxComment:
		return "", fmt.Errorf("it has %d bytes, and the limit is %d", len(body), maxComment)
	}
	done, err := f.turn.Take(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	api, err := f.api(ctx)
	if err != nil {
		return "", err
	}
	c, err := f.find(ctx, api, number, marker)
	if err != nil {
		return "", err
	}
	var answer *gitea.Response
	switch {
	case c == nil:
		c, answer, err = api.CreateIssueComment(f.owner, f.name, int64(number), gitea.CreateIssueCommentOption{Body: body})
	case !same(c.Body, body):
		c, answer, err = api.EditIssueComment(f.owner, f.name, c.ID, gitea.EditIssueCommentOption{Body: body})
	}
	if err != nil {
		return "", refused(answer, err)
	}
	f.comments.Add(commentKey{number, marker}, c.ID)
	return forgehttp.Web(c.HTMLURL), nil
}

// same compares comments apart from line ends and outer space, which a database may change.
func same(a, b string) bool {
	normal := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	return normal(a) == normal(b)
}

// find returns our comment with the marker, or nil. A comment that was found before is read by its number.
func (f *Forge) find(ctx context.Context, api *gitea.Client, number int, marker string) (*gitea.Comment, error) {
	me, err := f.user(ctx, api)
	if err != nil {
		return nil, err
	}
	ours := func(c *gitea.Comment) bool {
		return c != nil && c.Poster != nil && c.Poster.ID == me && strings.Contains(c.Body, marker)
	}
	if id, ok := f.comments.Get(commentKey{number, marker}); ok {
		c, answer, err := api.GetIssueComment(f.owner, f.name, id)
		err = refused(answer, err)
		switch {
		case err == nil && ours(c):
			return c, nil
		case err != nil && !errors.Is(err, review.ErrNotFound):
			return nil, err
		}
	}
	// The server ignores pages here, and answers with all comments in the order of their creation.
	all, answer, err := api.ListIssueComments(f.owner, f.name, int64(number), gitea.ListIssueCommentOptions{})
	if err != nil {
		return nil, refused(answer, err)
	}
	var first *gitea.Comment
	for _, c := range all {
		if ours(c) && (first == nil || c.ID < first.ID) {
			first = c
		}
	}
	return first, nil
}

// user returns the number of the user that the token belongs to.
func (f *Forge) user(ctx context.Context, api *gitea.Client) (int64, error) {
	token, err := f.token(ctx)
	if err != nil {
		return 0, err
	}
	f.mu.Lock()
	me, known := f.me, f.me != 0 && f.meToken == token
	f.mu.Unlock()
	if known {
		return me, nil
	}
	u, answer, err := api.GetMyUserInfo()
	if err != nil {
		return 0, fmt.Errorf("ask whose token it is: %w", refused(answer, err))
	}
	if u.ID <= 0 {
		return 0, errors.New("ask whose token it is: the answer names no user")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.me, f.meToken = u.ID, token
	return u.ID, nil
}
