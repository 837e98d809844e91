// SPDX-License-Identifier: Apache-2.0

package forgehttp

import (
	"context"
	"fmt"
	"net/url"
	"regexp"

	"syncer.dev/syncer/internal/review"
)

var commit = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// maxTitle is more than any forge allows, in characters; GitHub's limit is 256, GitLab's 255.
const maxTitle = 300

// Commit returns an error unless s is the hash of a commit.
func Commit(s string) error {
	if !commit.MatchString(s) {
		return fmt.Errorf("%.80q is not the hash of a commit", s)
	}
	return nil
}

// Checked returns a pull request that a server has sent with its texts bounded, or an error if what Git and other
// requests rely on is not what it must be.
func Checked(pr review.PullRequest) (review.PullRequest, error) {
	if pr.Number <= 0 {
		return pr, fmt.Errorf("a pull request has the number %d", pr.Number)
	}
	if err := Commit(pr.Head); err != nil {
		return pr, fmt.Errorf("head of pull request %d: %w", pr.Number, err)
	}
	if pr.Merged != "" {
		if err := Commit(pr.Merged); err != nil {
			return pr, fmt.Errorf("merge of pull request %d: %w", pr.Number, err)
		}
	}
	pr.Title, pr.URL = Line(pr.Title, maxTitle), Web(pr.URL)
	return pr, nil
}

// Web returns s if it is the URL of a web page, otherwise "".
func Web(s string) string {
	u, err := url.Parse(s)
	if err != nil || len(s) > 2000 || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.String()
}

// Turn lets one caller write at a time, as forges ask for (GitHub Docs, "Best practices for using the REST API"). Two
// concurrent calls would otherwise both see that a comment is missing.
type Turn chan struct{}

// NewTurn returns a Turn that is free.
func NewTurn() Turn { return make(Turn, 1) }

// Take waits for the turn. The caller calls done at the end.
func (t Turn) Take(ctx context.Context) (done func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
