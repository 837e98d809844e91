// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"strings"

	"github.com/google/go-github/v84/github"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

type statusKey struct{ commit, context string }

// SetStatus implements review.Forge.
func (f *Forge) SetStatus(ctx context.Context, commit string, s review.CommitStatus) error {
	if err := forgehttp.Commit(commit); err != nil {
		return f.fault(err, "set the status %s", s.Context)
	}
	s.Description, s.URL = forgehttp.Line(s.Description, maxDescription), forgehttp.Web(s.URL)
	key := statusKey{commit, s.Context}
	done, err := f.turn.Take(ctx)
	if err != nil {
		return err
	}
	defer done()
	last, known := f.statuses.Get(key)
	if !known {
		if last, err = f.status(ctx, key); err != nil {
			return f.fault(err, "read the statuses of commit %s", commit)
		}
	}
	if last == s {
		f.statuses.Add(key, s)
		return nil
	}
	f.statuses.Remove(key) // until the answer says what is there
	sent := github.RepoStatus{State: github.Ptr(string(s.State)), Context: &s.Context}
	if s.Description != "" {
		sent.Description = &s.Description
	}
	if s.URL != "" {
		sent.TargetURL = &s.URL
	}
	if _, _, err := f.sdk.Repositories.CreateStatus(ctx, f.owner, f.name, commit, sent); err != nil {
		return f.fault(err, "set the status %s of commit %s", s.Context, commit)
	}
	f.statuses.Add(key, s)
	return nil
}

// status returns the last status of a commit with a context, which GitHub compares without regard to case.
func (f *Forge) status(ctx context.Context, key statusKey) (review.CommitStatus, error) {
	options := &github.ListOptions{PerPage: perPage, Page: 1}
	for range maxPages {
		all, resp, err := f.sdk.Repositories.GetCombinedStatus(ctx, f.owner, f.name, key.commit, options)
		if err != nil {
			return review.CommitStatus{}, err
		}
		for _, s := range all.Statuses {
			if strings.EqualFold(s.GetContext(), key.context) {
				return review.CommitStatus{
					Context:     s.GetContext(),
					State:       review.State(s.GetState()),
					Description: s.GetDescription(),
					URL:         s.GetTargetURL(),
				}, nil
			}
		}
		if resp.NextPage == 0 {
			break
		}
		options.Page++
	}
	return review.CommitStatus{}, nil
}
