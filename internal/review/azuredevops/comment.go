// SPDX-License-Identifier: Apache-2.0

package azuredevops

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/microsoft/azure-devops-go-api/azuredevops/v7/git"
	"github.com/microsoft/azure-devops-go-api/azuredevops/v7/location"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/forgehttp"
)

type commentKey struct {
	number int
	marker string
}

// thread is our comment, the first of its thread.
type thread struct {
	id, comment int
	content     string
	closed      bool
}

// Comment implements review.Forge. Of several comments of this user with the marker the oldest counts; the others stay,
// because a person who shares the account may have quoted one. A thread that a person has opened again is closed with
// the next edit.
func (f *Forge) Comment(ctx context.Context, number int, marker, body string) (string, error) {
	url, err := f.comment(ctx, number, marker, body)
	return url, f.client.Error(fmt.Sprintf("comment on pull request %d of %s/%s", number, f.project, f.name), cause(err))
}

func (f *Forge) comment(ctx context.Context, number int, marker, body string) (string, error) {
	if err := forgehttp.Sendable(marker, body, maxComment); err != nil {
		return "", err
	}
	done, err := f.turn.Take(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	key := commentKey{number, marker}
	t, found, err := f.find(ctx, key)
	if err != nil {
		return "", err
	}
	written, _ := f.written.Get(key)
	if found && written.Equal(body, t.content) {
		return f.link(number, t), nil
	}
	if found {
		err = f.edit(ctx, number, &t, body)
	} else {
		t, err = f.add(ctx, number, body)
	}
	if err != nil {
		return "", err
	}
	f.comments.Add(key, t)
	f.written.Add(key, forgehttp.Written{Sent: body, Kept: t.content})
	return f.link(number, t), nil
}

// link returns the address of a comment.
func (f *Forge) link(number int, t thread) string {
	return fmt.Sprintf("%s?discussionId=%d", f.page(number), t.id)
}

func (f *Forge) add(ctx context.Context, number int, body string) (thread, error) {
	parent := 0
	created, err := f.git.CreateThread(ctx, git.CreateThreadArgs{
		RepositoryId: &f.name, Project: &f.project, PullRequestId: &number,
		CommentThread: &git.GitPullRequestCommentThread{
			Status: &git.CommentThreadStatusValues.Closed,
			Comments: &[]git.Comment{{
				Content: &body, CommentType: &git.CommentTypeValues.Text, ParentCommentId: &parent,
			}},
		},
	})
	if err != nil {
		return thread{}, err
	}
	t, ok := first(*created)
	if !ok {
		return thread{}, errors.New("the answer has no comment")
	}
	return t, nil
}

func (f *Forge) edit(ctx context.Context, number int, t *thread, body string) error {
	c, err := f.git.UpdateComment(ctx, git.UpdateCommentArgs{
		RepositoryId: &f.name, Project: &f.project, PullRequestId: &number, ThreadId: &t.id, CommentId: &t.comment,
		Comment: &git.Comment{Content: &body},
	})
	if err != nil {
		return err
	}
	t.content = value(c.Content)
	if t.closed {
		return nil
	}
	t.closed = true
	_, err = f.git.UpdateThread(ctx, git.UpdateThreadArgs{
		RepositoryId: &f.name, Project: &f.project, PullRequestId: &number, ThreadId: &t.id,
		CommentThread: &git.GitPullRequestCommentThread{Status: &git.CommentThreadStatusValues.Closed},
	})
	return err
}

// find returns our thread with the marker. One that was found before is read by its number.
func (f *Forge) find(ctx context.Context, key commentKey) (thread, bool, error) {
	me, err := f.user(ctx)
	if err != nil {
		return thread{}, false, err
	}
	if known, ok := f.comments.Get(key); ok {
		t, err := f.git.GetPullRequestThread(ctx, git.GetPullRequestThreadArgs{
			RepositoryId: &f.name, Project: &f.project, PullRequestId: &key.number, ThreadId: &known.id,
		})
		if err != nil && !errors.Is(err, review.ErrNotFound) {
			return thread{}, false, err
		}
		if err == nil && ours(*t, me, key.marker) {
			found, _ := first(*t)
			return found, true, nil
		}
	}
	all, err := f.git.GetThreads(ctx, git.GetThreadsArgs{
		RepositoryId: &f.name, Project: &f.project, PullRequestId: &key.number,
	})
	if err != nil {
		return thread{}, false, err
	}
	var oldest thread
	for _, t := range value(all) {
		if got, _ := first(t); ours(t, me, key.marker) && (oldest.id == 0 || got.id < oldest.id) {
			oldest = got
		}
	}
	return oldest, oldest.id > 0, nil
}

// first returns the first comment of a thread.
func first(t git.GitPullRequestCommentThread) (thread, bool) {
	comments := value(t.Comments)
	if value(t.Id) <= 0 || len(comments) == 0 || value(comments[0].Id) <= 0 {
		return thread{}, false
	}
	return thread{
		id: *t.Id, comment: *comments[0].Id, content: value(comments[0].Content),
		closed: value(t.Status) == git.CommentThreadStatusValues.Closed,
	}, true
}

// ours says whether a thread begins with a comment of a user that has the marker.
func ours(t git.GitPullRequestCommentThread, me uuid.UUID, marker string) bool {
	got, ok := first(t)
	if !ok || value(t.IsDeleted) || !strings.Contains(got.content, marker) {
		return false
	}
	c := (*t.Comments)[0]
	return !value(c.IsDeleted) && c.Author != nil && strings.EqualFold(value(c.Author.Id), me.String())
}

// user returns the identifier of the user that the token belongs to.
func (f *Forge) user(ctx context.Context) (uuid.UUID, error) {
	token, err := f.token(ctx)
	if err != nil {
		return uuid.Nil, fmt.Errorf("get the token: %w", err)
	}
	f.mu.Lock()
	me, known := f.me, f.me != uuid.Nil && f.meToken == token
	f.mu.Unlock()
	if known {
		return me, nil
	}
	data, err := f.location.GetConnectionData(ctx, location.GetConnectionDataArgs{})
	if err != nil {
		return uuid.Nil, fmt.Errorf("ask whose token it is: %w", err)
	}
	user := value(data.AuthenticatedUser)
	if me = value(user.Id); me == uuid.Nil {
		return me, errors.New("ask whose token it is: the answer names no user")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.me, f.meToken = me, token
	return me, nil
}
