// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"context"
	"errors"
	"net/http"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

type statusKey struct{ commit, context string }

// states are GitLab's words for ours.
var states = map[review.State]gitlab.BuildStateValue{
	review.Pending: gitlab.Pending,
	review.Success: gitlab.Success,
	review.Failure: gitlab.Failed,
	review.Trouble: gitlab.Canceled,
}

// SetStatus implements review.Forge. GitLab refuses a second "pending" with other words. The next words go with the
// state "running", which stands for pending too, and the words after that wait for the next state.
func (f *Forge) SetStatus(ctx context.Context, commit string, s review.CommitStatus) error {
	if err := forgehttp.Commit(commit); err != nil {
		return f.fault(err, "set the status %s", s.Context)
	}
	s.Description, s.URL = forgehttp.Line(s.Description, maxText), address(s.URL)
	key := statusKey{commit, s.Context}
	done, err := f.turn.Take(ctx)
	if err != nil {
		return err
	}
	defer done()
	if last, ok := f.statuses.Get(key); ok && last == s {
		return nil
	}
	f.statuses.Remove(key) // until an answer says what is there
	if err := f.setStatus(ctx, key, s); err != nil {
		return f.fault(err, "set the status %s of commit %s", s.Context, commit)
	}
	f.statuses.Add(key, s)
	return nil
}

func (f *Forge) setStatus(ctx context.Context, key statusKey, s review.CommitStatus) error {
	state, ok := states[s.State]
	if !ok {
		return errors.New("GitLab has no such state: " + string(s.State))
	}
	last, err := f.status(ctx, key)
	if err != nil {
		return err
	}
	if last != nil {
		same := gitlab.BuildStateValue(last.Status) == state
		if waiting := last.Status == string(gitlab.Running); state == gitlab.Pending && (same || waiting) {
			same, state = true, gitlab.Running
		}
		if same && last.Description == s.Description && last.TargetURL == s.URL {
			return nil
		}
	}
	sent := &gitlab.SetCommitStatusOptions{State: state, Name: &s.Context}
	if s.Description != "" {
		sent.Description = &s.Description
	}
	if s.URL != "" {
		sent.TargetURL = &s.URL
	}
	if ref, ok := f.refs.Get(key.commit); ok {
		sent.Ref = &ref
	}
	_, _, err = f.sdk.Commits.SetCommitStatus(f.project, key.commit, sent, gitlab.WithContext(ctx))
	var refused *gitlab.ErrorResponse
	if errors.As(err, &refused) && refused.Response.StatusCode == http.StatusBadRequest &&
		strings.Contains(refused.Message, "Cannot transition status") && s.State == review.Pending {
		return nil // it is pending already
	}
	return err
}

// status returns the last status of a commit with a name, nil if there is none.
func (f *Forge) status(ctx context.Context, key statusKey) (*gitlab.CommitStatus, error) {
	options := &gitlab.GetCommitStatusesOptions{
		ListOptions: gitlab.ListOptions{Page: 1, PerPage: perPage},
		Name:        &key.context,
	}
	var last *gitlab.CommitStatus
	for range maxPages {
		list, resp, err := f.sdk.Commits.GetCommitStatuses(f.project, key.commit, options, gitlab.WithContext(ctx))
		if err != nil {
			return nil, err
		}
		for _, s := range some(list) {
			if s.Name == key.context && (last == nil || s.ID > last.ID) {
				last = s
			}
		}
		if resp.NextPage == 0 {
			break
		}
		options.Page++
	}
	return last, nil
}

// address returns a URL that fits, or "".
func address(s string) string {
	if s = forgehttp.Web(s); len(s) > maxText {
		return ""
	}
	return s
}
