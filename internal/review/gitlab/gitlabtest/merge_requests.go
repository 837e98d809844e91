// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

// document is the form of a merge request.
func (s *Server) document(p *emulator.Pull) map[string]any {
	out := map[string]any{
		"iid":               p.Number,
		"title":             p.Title,
		"web_url":           fmt.Sprintf("%s/%s/-/merge_requests/%d", s.URL, Project, p.Number),
		"state":             "closed",
		"draft":             p.Draft,
		"sha":               p.Head,
		"merge_commit_sha":  nil,
		"squash_commit_sha": nil,
		"source_branch":     p.Source,
		"target_branch":     p.Target,
		"source_project_id": 1,
		"target_project_id": 1,
		"author":            user(emulator.Other),
		"updated_at":        emulator.Epoch.Add(time.Duration(p.Changes) * time.Second).Format(time.RFC3339),
	}
	switch {
	case p.Gone:
		out["source_project_id"] = nil
	case p.Fork:
		out["source_project_id"] = 2
	}
	switch {
	case p.Open:
		out["state"] = "opened"
	case p.Merged != "":
		out["state"] = "merged"
	}
	switch p.How {
	case "merge":
		out["merge_commit_sha"] = p.Merged
	case "squash": // by the method "fast-forward"
		out["squash_commit_sha"] = p.Merged
	case "rebase": // the commits of the branch were rebased before
		out["sha"] = p.Merged
	}
	return out
}

func (s *Server) mergeRequests(r *http.Request) (int, any) {
	query := r.URL.Query()
	out := []map[string]any{}
	for _, p := range s.Pulls {
		if (query.Get("state") != "opened" || p.Open) &&
			(!query.Has("target_branch") || query.Get("target_branch") == p.Target) {
			out = append(out, s.document(p))
		}
	}
	if query.Get("sort") != "asc" {
		slices.Reverse(out)
	}
	return http.StatusOK, out
}

func (s *Server) mergeRequest(iid int) (int, any) {
	p := s.Find(iid)
	if p == nil {
		return http.StatusNotFound, "404 Not found"
	}
	return http.StatusOK, s.document(p)
}

func remark(c emulator.Comment) map[string]any {
	return map[string]any{"id": c.ID, "body": c.Body, "author": user(c.Author), "system": false}
}

// maxNote is GitLab's limit, in characters.
const maxNote = 1_000_000

// note answers the operations on notes.
func (s *Server) note(op *emulator.Operation, body map[string]any) (int, any) {
	p := s.Find(number(op, "noteable_id"))
	if p == nil {
		return http.StatusNotFound, "404 Not found"
	}
	if utf8.RuneCountInString(text(body, "body")) > maxNote {
		return http.StatusBadRequest, "400 Bad request - Note is too long (maximum is 1000000 characters)"
	}
	kept := s.quickActions(text(body, "body"))
	if op.Params["note_id"] != "" {
		i := slices.IndexFunc(p.Comments, func(c emulator.Comment) bool { return c.ID == number(op, "note_id") })
		switch {
		case i < 0:
			return http.StatusNotFound, "404 Not found"
		case body == nil:
		case p.Comments[i].Author != s.User:
			s.T.Errorf("note %d of %s is edited", p.Comments[i].ID, p.Comments[i].Author.Login)
			return http.StatusForbidden, "403 Forbidden"
		default:
			p.Comments[i].Body = kept
			p.Changes++
		}
		return http.StatusOK, remark(p.Comments[i])
	}
	if body != nil {
		p.Comments = append(p.Comments, emulator.Comment{ID: s.ID(), Author: s.User, Body: kept})
		p.Changes++
		return http.StatusCreated, remark(p.Comments[len(p.Comments)-1])
	}
	out := []map[string]any{}
	for _, c := range p.Comments {
		out = append(out, remark(c))
	}
	return http.StatusOK, out
}

// quickAction is a command, as GitLab recognises it outside of code. The emulator does so everywhere: which code GitLab
// leaves alone depends on its version.
var quickAction = regexp.MustCompile(`(?m)^/[A-Za-z_]+(?: [^\n]*)?(?:\s*\n|$)`)

// quickActions carries out the commands in a note, and returns what GitLab keeps of it.
func (s *Server) quickActions(note string) string {
	note = strings.ReplaceAll(note, "\r", "")
	note = quickAction.ReplaceAllStringFunc(note, func(command string) string {
		s.actions = append(s.actions, strings.TrimSpace(command))
		return ""
	})
	return strings.TrimRight(note, " \t\n\v\f\x00")
}
