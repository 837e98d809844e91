// SPDX-License-Identifier: Apache-2.0

package githubtest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

// GitHub's limits, in characters.
const (
	maxComment     = 65536
	maxDescription = 140
)

func (s *Server) page(path string) string { return s.URL + "/" + Repository + path }

// document is the form that lists and single pull requests share.
func (s *Server) document(p *emulator.Pull) map[string]any {
	repo := func(id int, name string) map[string]any { return map[string]any{"id": id, "full_name": name} }
	head := map[string]any{"ref": p.Source, "sha": p.Head, "repo": repo(1, Repository)}
	if p.Fork {
		head["repo"] = repo(2, "mallory/models")
	}
	out := map[string]any{
		"number":     p.Number,
		"title":      p.Title,
		"html_url":   s.page(fmt.Sprintf("/pull/%d", p.Number)),
		"state":      "closed",
		"draft":      p.Draft,
		"head":       head,
		"base":       map[string]any{"ref": p.Target, "repo": repo(1, Repository)},
		"updated_at": emulator.Epoch.Add(time.Duration(p.Changes) * time.Second).Format(time.RFC3339),
		"user":       user(emulator.Other),
	}
	switch {
	case p.Merged != "":
		out["merged_at"], out["merge_commit_sha"] = emulator.Epoch.Format(time.RFC3339), p.Merged
	case p.Open: // a trial merge
		out["state"], out["merge_commit_sha"] = "open", "ffffffffffffffffffffffffffffffffffffffff"
	}
	return out
}

func (s *Server) pulls(r *http.Request) (int, any) {
	query := r.URL.Query()
	out := []map[string]any{}
	for _, p := range s.Pulls {
		if (query.Get("state") != "open" || p.Open) && (!query.Has("base") || query.Get("base") == p.Target) {
			d := s.document(p)
			if p.Gone { // a list says null for a deleted fork
				d["head"].(map[string]any)["repo"] = map[string]any{}
			}
			out = append(out, d)
		}
	}
	if query.Get("direction") != "asc" {
		slices.Reverse(out)
	}
	return http.StatusOK, out
}

func (s *Server) pull(op *emulator.Operation) (int, any) {
	p := s.Find(number(op, "pull_number"))
	if p == nil {
		return http.StatusNotFound, "Not Found"
	}
	out := s.document(p)
	out["merged"] = p.Merged != ""
	return http.StatusOK, out
}

func number(op *emulator.Operation, name string) int {
	n, _ := strconv.Atoi(op.Params[name])
	return n
}

func (s *Server) remark(p *emulator.Pull, c emulator.Comment) map[string]any {
	return map[string]any{
		"id":       c.ID,
		"body":     c.Body,
		"user":     user(c.Author),
		"html_url": s.page(fmt.Sprintf("/pull/%d#issuecomment-%d", p.Number, c.ID)),
	}
}

// comment answers the operations on comments.
func (s *Server) comment(op *emulator.Operation, body map[string]any) (int, any) {
	text, _ := body["body"].(string)
	if utf8.RuneCountInString(text) > maxComment {
		return http.StatusUnprocessableEntity, "Validation Failed: body is too long (maximum is 65536 characters)"
	}
	if op.Params["comment_id"] != "" {
		return s.oneComment(op, text, body != nil)
	}
	p := s.Find(number(op, "issue_number"))
	if p == nil {
		return http.StatusNotFound, "Not Found"
	}
	if body != nil {
		p.Comments = append(p.Comments, emulator.Comment{ID: s.ID(), Author: s.User, Body: text})
		p.Changes++
		return http.StatusCreated, s.remark(p, p.Comments[len(p.Comments)-1])
	}
	out := []map[string]any{}
	for _, c := range p.Comments {
		out = append(out, s.remark(p, c))
	}
	return http.StatusOK, out
}

func (s *Server) oneComment(op *emulator.Operation, text string, edit bool) (int, any) {
	for _, p := range s.Pulls {
		for i, c := range p.Comments {
			switch {
			case c.ID != number(op, "comment_id"):
				continue
			case edit && c.Author != s.User:
				s.T.Errorf("comment %d of %s is edited", c.ID, c.Author.Login)
				return http.StatusForbidden, "Must have admin rights"
			case edit:
				p.Comments[i].Body = text
				p.Changes++
			}
			return http.StatusOK, s.remark(p, p.Comments[i])
		}
	}
	return http.StatusNotFound, "Not Found"
}

func status(c emulator.Status) map[string]any {
	out := map[string]any{"context": c.Context, "state": c.State, "description": nil, "target_url": c.URL}
	if c.Description != "" {
		out["description"] = c.Description
	}
	return out
}

// combined answers with the last status for each context.
func (s *Server) combined(commit string) (int, any) {
	list := []map[string]any{}
	for _, c := range s.Latest(commit) {
		list = append(list, status(c))
	}
	return http.StatusOK, map[string]any{"sha": commit, "total_count": len(list), "statuses": list}
}

func (s *Server) setStatus(commit string, body map[string]any) (int, any) {
	c := emulator.Status{Context: "default"}
	for name, to := range map[string]*string{
		"context": &c.Context, "state": &c.State, "description": &c.Description, "target_url": &c.URL,
	} {
		if v, ok := body[name].(string); ok {
			*to = v
		}
	}
	if utf8.RuneCountInString(c.Description) > maxDescription {
		return http.StatusUnprocessableEntity, "Validation Failed: description is too long (maximum is 140 characters)"
	}
	s.Status[commit] = append(s.Status[commit], c)
	return http.StatusCreated, status(c)
}

// Statuses implements reviewtest.Harness.
func (s *Server) Statuses(commit string) map[string]review.CommitStatus {
	out := map[string]review.CommitStatus{}
	s.Do(func() {
		for _, c := range s.Latest(commit) {
			out[c.Context] = review.CommitStatus{
				Context: c.Context, State: review.State(c.State), Description: c.Description, URL: c.URL,
			}
		}
	})
	return out
}
