// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"context"
	"errors"
	"fmt"
	"strings"

	gitlab "gitlab.com/gitlab-org/api/client-go"

	"syncer.dev/syncer/internal/review/forgehttp"
)

type noteKey struct {
	number int
	marker string
}

// note is where a note of ours is, and what became of the text that was sent.
type note struct {
	id int64
	forgehttp.Written
}

// Comment implements review.Forge. Of several notes of ours with the marker, the oldest counts: a person whose token
// this is may quote one. Quick actions in the text become text.
func (f *Forge) Comment(ctx context.Context, number int, marker, body string) (string, error) {
	body = plain(body)
	if err := forgehttp.Sendable(marker, body, maxComment); err != nil {
		return "", f.fault(err, "comment on merge request %d", number)
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
	id, err := f.comment(ctx, me, noteKey{number, marker}, body)
	if err != nil {
		return "", f.fault(err, "comment on merge request %d", number)
	}
	return fmt.Sprintf("%s/-/merge_requests/%d#note_%d", f.web, number, id), nil
}

func (f *Forge) comment(ctx context.Context, me int64, key noteKey, body string) (int64, error) {
	last, _ := f.notes.Get(key)
	found, err := f.find(ctx, me, key, last.id)
	if err != nil {
		return 0, err
	}
	if found != nil && last.id != found.ID {
		last = note{id: found.ID}
	}
	if found != nil && last.Equal(body, found.Body) {
		f.notes.Add(key, last)
		return found.ID, nil
	}
	f.notes.Remove(key) // until the answer says what is there
	if found == nil {
		found, _, err = f.sdk.Notes.CreateMergeRequestNote(f.project, int64(key.number),
			&gitlab.CreateMergeRequestNoteOptions{Body: &body}, gitlab.WithContext(ctx))
	} else {
		found, _, err = f.sdk.Notes.UpdateMergeRequestNote(f.project, int64(key.number), found.ID,
			&gitlab.UpdateMergeRequestNoteOptions{Body: &body}, gitlab.WithContext(ctx))
	}
	if err == nil && found == nil {
		err = errNull
	}
	if err != nil {
		return 0, err
	}
	f.notes.Add(key, note{found.ID, forgehttp.Written{Sent: body, Kept: found.Body}})
	return found.ID, nil
}

// find returns our note with the marker, or nil. It asks for the note that was there last, and looks through all where
// that is gone.
func (f *Forge) find(ctx context.Context, me int64, key noteKey, last int64) (*gitlab.Note, error) {
	ours := func(n *gitlab.Note) bool {
		return n.Author.ID == me && !n.System && strings.Contains(n.Body, key.marker)
	}
	if last != 0 {
		n, _, err := f.sdk.Notes.GetMergeRequestNote(f.project, int64(key.number), last, gitlab.WithContext(ctx))
		switch {
		case err == nil && n != nil && ours(n):
			return n, nil
		case err != nil && !errors.Is(err, gitlab.ErrNotFound):
			return nil, err
		}
	}
	options := &gitlab.ListMergeRequestNotesOptions{
		ListOptions: gitlab.ListOptions{Page: 1, PerPage: notesPerPage},
		OrderBy:     gitlab.Ptr("created_at"),
		Sort:        gitlab.Ptr("asc"),
	}
	for range maxNotePages {
		list, resp, err := f.sdk.Notes.ListMergeRequestNotes(f.project, int64(key.number), options, gitlab.WithContext(ctx))
		if err != nil {
			return nil, err
		}
		for _, n := range some(list) {
			if ours(n) {
				return n, nil
			}
		}
		if resp.NextPage == 0 {
			return nil, nil //nolint:nilnil // there is no such note
		}
		options.Page++
	}
	return nil, fmt.Errorf("none of the first %d notes is ours", maxNotePages*notesPerPage)
}
