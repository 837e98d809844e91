// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	"net/http"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

func status(id int, c emulator.Status) map[string]any {
	out := map[string]any{
		"id": id, "name": c.Context, "status": c.State, "ref": c.Ref, "description": nil, "target_url": nil,
	}
	if c.Description != "" {
		out["description"] = c.Description
	}
	if c.URL != "" {
		out["target_url"] = c.URL
	}
	return out
}

// statuses answers with the last status for each name: earlier ones are marked as retried.
func (s *Server) statuses(commit, name string) (int, any) {
	out := []map[string]any{}
	for i, c := range s.Latest(commit) {
		if name == "" || c.Context == name {
			out = append(out, status(1000-i, c))
		}
	}
	return http.StatusOK, out
}

// setStatus changes a status that has not ended, or adds one. A state that cannot follow the last one is refused, and
// the words that came with it are not kept.
func (s *Server) setStatus(commit string, body map[string]any) (int, any) {
	c := emulator.Status{
		Context:     text(body, "name"),
		State:       text(body, "state"),
		Description: text(body, "description"),
		URL:         text(body, "target_url"),
		Ref:         text(body, "ref"),
	}
	if c.Ref == "" && !s.reachable(commit) {
		return http.StatusNotFound, "404 References for commit Not Found"
	}
	list := s.Status[commit]
	i := slices.IndexFunc(list, func(o emulator.Status) bool {
		return o.Context == c.Context && (o.State == "pending" || o.State == "running")
	})
	switch {
	case i < 0:
		s.Status[commit] = append(list, c)
	case list[i].State == c.State || c.State == "pending":
		event := map[string]string{"pending": "enqueue", "running": "run"}[c.State]
		return http.StatusBadRequest, "Cannot transition status via :" + event + " from :" + list[i].State
	default:
		list[i] = c
	}
	return http.StatusCreated, status(1, c)
}

// reachable reports whether a branch of the project has the commit: the heads of forks are under a ref of their own.
func (s *Server) reachable(commit string) bool {
	return !slices.ContainsFunc(s.Pulls, func(p *emulator.Pull) bool { return p.Fork && p.Head == commit })
}

// Statuses implements reviewtest.Harness.
func (s *Server) Statuses(commit string) map[string]review.CommitStatus {
	states := map[string]review.State{
		"pending": review.Pending, "running": review.Pending, "success": review.Success, "failed": review.Failure,
		"canceled": review.Trouble,
	}
	out := map[string]review.CommitStatus{}
	s.Do(func() {
		for _, c := range s.Latest(commit) {
			out[c.Context] = review.CommitStatus{
				Context: c.Context, State: states[c.State], Description: c.Description, URL: c.URL,
			}
		}
	})
	return out
}

// find returns an environment by name.
func (s *Server) find(name string) *environment {
	for _, e := range s.environments {
		if strings.EqualFold(e.name, name) {
			return e
		}
	}
	return nil
}
