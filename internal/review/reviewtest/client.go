// SPDX-License-Identifier: Apache-2.0

package reviewtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"syncer.dev/syncer/internal/review"
)

// Client is one process that speaks to a Repository. It implements review.Forge and review.Deployer.
type Client struct {
	repository *Repository
	seen       map[string][]review.PullRequest // last list, by target; the lock of the Repository guards it
}

var errLost = errors.New("502 bad gateway")

// ready counts a request, and returns why the forge refuses it. The caller holds the lock.
func (c *Client) ready(ctx context.Context, count *int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	*count++
	r := c.repository
	if now := time.Now(); now.Before(r.limit) {
		return &review.LimitError{Until: r.limit, Err: errors.New("429 too many requests")}
	}
	return r.down
}

// lost returns the error in place of an answer that gets lost.
func (r *Repository) lost() error {
	if r.lose > 0 {
		r.lose--
		return errLost
	}
	return nil
}

// OpenPullRequests implements review.Forge.
func (c *Client) OpenPullRequests(ctx context.Context, target string) ([]review.PullRequest, bool, error) {
	r := c.repository
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lists++
	if err := c.ready(ctx, &r.reads); err != nil {
		return nil, false, err
	}
	list := []review.PullRequest{}
	for n := range len(r.pulls) {
		if p := r.pulls[n+1]; p.Open && p.Target == target {
			list = append(list, p.PullRequest)
		}
	}
	if old, known := c.seen[target]; known && reflect.DeepEqual(old, list) {
		return nil, false, nil
	}
	if c.seen == nil {
		c.seen = map[string][]review.PullRequest{}
	}
	c.seen[target] = list
	r.whole++
	return slices.Clone(list), true, nil
}

// PullRequest implements review.Forge.
func (c *Client) PullRequest(ctx context.Context, number int) (review.PullRequest, error) {
	r := c.repository
	r.mu.Lock()
	hook := r.onRead
	r.mu.Unlock()
	if hook != nil {
		hook(number)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := c.ready(ctx, &r.reads); err != nil {
		return review.PullRequest{}, err
	}
	p := r.pulls[number]
	if p == nil {
		return review.PullRequest{}, fmt.Errorf("pull request %d: %w", number, review.ErrNotFound)
	}
	return p.PullRequest, nil
}

// Comment implements review.Forge.
func (c *Client) Comment(ctx context.Context, number int, marker, body string) (string, error) {
	r := c.repository
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := c.ready(ctx, &r.reads); err != nil {
		return "", err
	}
	p := r.pulls[number]
	switch {
	case p == nil:
		return "", fmt.Errorf("pull request %d: %w", number, review.ErrNotFound)
	case len(body) > r.accounts.Comment:
		return "", fmt.Errorf("422 the comment has %d bytes, and the limit is %d", len(body), r.accounts.Comment)
	case !strings.Contains(body, marker):
		return "", errors.New("the marker is no part of the comment")
	}
	url := func(id int) string { return fmt.Sprintf("%s#comment-%d", p.URL, id) }
	i := slices.IndexFunc(p.comments, func(o remark) bool { return o.Own && strings.Contains(o.Body, marker) })
	if i >= 0 && p.comments[i].Body == body {
		return url(p.comments[i].id), nil
	}
	r.writes++
	var id int
	if i >= 0 {
		p.comments[i].Body, id = body, p.comments[i].id
	} else {
		id = r.add(number, Comment{Own: true, Body: body})
	}
	return url(id), r.lost()
}

// SetStatus implements review.Forge.
func (c *Client) SetStatus(ctx context.Context, commit string, s review.CommitStatus) error {
	r := c.repository
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := c.ready(ctx, &r.reads); err != nil {
		return err
	}
	if n := r.accounts.Description; utf8.RuneCountInString(s.Description) > n {
		s.Description = string([]rune(s.Description)[:n])
	}
	if r.statuses[commit] == nil {
		r.statuses[commit] = map[string]review.CommitStatus{}
	}
	if r.statuses[commit][s.Context] == s {
		return nil
	}
	r.writes++
	r.statuses[commit][s.Context] = s
	return r.lost()
}

// Deploy implements review.Deployer.
func (c *Client) Deploy(ctx context.Context, d review.Deployment) error {
	r := c.repository
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := c.ready(ctx, &r.reads); err != nil {
		return err
	}
	if r.deployments[d.Environment] == d {
		return nil
	}
	r.writes++
	r.deployments[d.Environment] = d
	return r.lost()
}

// Environments implements review.EnvironmentLister.
func (c *Client) Environments(ctx context.Context, prefix string) ([]string, error) {
	r := c.repository
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := c.ready(ctx, &r.reads); err != nil {
		return nil, err
	}
	var out []string
	for name, d := range r.deployments {
		if strings.HasPrefix(name, prefix) && d.State != review.Inactive {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// Limits implements review.Forge.
func (c *Client) Limits() review.Limits {
	c.repository.mu.Lock()
	defer c.repository.mu.Unlock()
	return c.repository.accounts
}
