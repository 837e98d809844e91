// SPDX-License-Identifier: Apache-2.0

package gitea

import (
	"context"
	"fmt"

	"code.gitea.io/sdk/gitea"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

// SetStatus implements review.Forge.
func (f *Forge) SetStatus(ctx context.Context, commit string, s review.CommitStatus) error {
	s.Description = forgehttp.Line(s.Description, maxDescription)
	return f.client.Error(fmt.Sprintf("set status %s of commit %.12s", s.Context, commit), f.setStatus(ctx, commit, s))
}

func (f *Forge) setStatus(ctx context.Context, commit string, s review.CommitStatus) error {
	if err := forgehttp.Commit(commit); err != nil {
		return err
	}
	key := statusKey{commit, s.Context}
	if last, ok := f.statuses.Get(key); ok && last == s {
		return nil
	} else if !ok {
		last, found, err := f.lastStatus(ctx, commit, s.Context)
		if err != nil {
			return err
		}
		if found && last == s {
			f.statuses.Add(key, s)
			return nil
		}
	}
	api, err := f.api(ctx)
	if err != nil {
		return err
	}
	f.statuses.Remove(key) // unknown, should the answer get lost
	_, answer, err := api.CreateStatus(f.owner, f.name, commit, gitea.CreateStatusOption{
		State: gitea.StatusState(s.State), TargetURL: s.URL, Description: s.Description, Context: s.Context,
	})
	if err != nil {
		return refused(answer, err)
	}
	f.statuses.Add(key, s)
	return nil
}

// lastStatus reads the last status of a commit with a context. The list has all, also older ones.
func (f *Forge) lastStatus(ctx context.Context, commit, name string) (s review.CommitStatus, found bool, err error) {
	api, err := f.api(ctx)
	if err != nil {
		return s, false, err
	}
	var newest int64
	var option gitea.ListStatusesOption
	err = pages(&option.ListOptions, func() (*gitea.Response, error) {
		page, answer, err := api.ListStatuses(f.owner, f.name, commit, option)
		for _, o := range page {
			if o.Context == name && o.ID > newest {
				newest, found = o.ID, true
				s = review.CommitStatus{
					Context: name, State: review.State(o.State), Description: o.Description, URL: o.TargetURL,
				}
			}
		}
		return answer, err
	})
	return s, found, err
}
