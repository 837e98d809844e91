// SPDX-License-Identifier: Apache-2.0

package gitlabtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

func (e *environment) document() map[string]any {
	out := map[string]any{"id": e.id, "name": e.name, "external_url": nil, "state": "available"}
	if e.address != "" {
		out["external_url"] = e.address
	}
	if e.stopped {
		out["state"] = "stopped"
	}
	return out
}

// environment answers the operations on environments.
func (s *Server) environment(op *emulator.Operation, r *http.Request, body map[string]any) (int, any) {
	if op.Params["environment_id"] == "" {
		out := []map[string]any{}
		for _, e := range s.environments {
			if name := r.URL.Query().Get("name"); name == "" || name == e.name {
				out = append(out, e.document())
			}
		}
		return http.StatusOK, out
	}
	i := slices.IndexFunc(s.environments, func(e *environment) bool { return e.id == number(op, "environment_id") })
	if i < 0 {
		return http.StatusNotFound, "404 Not found"
	}
	e := s.environments[i]
	switch {
	case strings.HasSuffix(op.Name, "/stop"):
		e.stopped = true
	default:
		if address, ok := body["external_url"].(string); ok { // blank is null
			e.address = address
		}
	}
	return http.StatusOK, e.document()
}

func (s *Server) record(d *emulator.Deployment) map[string]any {
	return map[string]any{
		"id":          d.ID,
		"sha":         d.Commit,
		"ref":         d.Ref,
		"status":      d.Last().State,
		"user":        user(d.Creator),
		"environment": s.find(d.Environment).document(),
		"deployable":  nil,
	}
}

// deployment answers the operations on deployments.
func (s *Server) deployment(op *emulator.Operation, r *http.Request, body map[string]any) (int, any) {
	switch {
	case op.Params["deployment_id"] != "":
		for _, d := range s.Deployments {
			if d.ID == number(op, "deployment_id") {
				return s.update(d, text(body, "status"))
			}
		}
		return http.StatusNotFound, "404 Not found"
	case body == nil:
		query := r.URL.Query()
		out := []map[string]any{}
		for _, d := range s.Deployments {
			if !query.Has("environment") || d.Environment == query.Get("environment") {
				out = append(out, s.record(d))
			}
		}
		if query.Get("sort") == "desc" {
			slices.Reverse(out)
		}
		return http.StatusOK, out
	}
	d := &emulator.Deployment{
		ID: s.ID(), Environment: text(body, "environment"), Commit: text(body, "sha"), Ref: text(body, "ref"),
		Creator: s.User,
	}
	if s.find(d.Environment) == nil {
		s.environments = append(s.environments, &environment{id: s.ID(), name: d.Environment})
	}
	s.Deployments = append(s.Deployments, d)
	_, out := s.update(d, text(body, "status"))
	return http.StatusCreated, out
}

// update changes the status of a deployment by the transitions of GitLab. A success starts the environment.
func (s *Server) update(d *emulator.Deployment, state string) (int, any) {
	switch last := d.Last().State; {
	case d.Creator != s.User:
		s.T.Errorf("deployment %d of %s is changed", d.ID, d.Creator.Login)
	case last == state, state == "running" && last != "":
		return http.StatusBadRequest, fmt.Sprintf("400 Bad request - Status cannot transition via %q", state)
	}
	d.States = append(d.States, emulator.DeploymentState{ID: s.ID(), State: state})
	if state == "success" {
		s.find(d.Environment).stopped = false
	}
	return http.StatusOK, s.record(d)
}

// Deployment implements reviewtest.Environments.
func (s *Server) Deployment(name string) (out review.Deployment, ok bool) {
	states := map[string]review.DeploymentState{
		"running": review.InProgress, "success": review.Succeeded, "failed": review.Failed,
	}
	s.Do(func() {
		e := s.find(name)
		if e == nil {
			return
		}
		for _, d := range s.Deployments {
			if d.Environment == name {
				out = review.Deployment{Environment: name, Commit: d.Commit, State: states[d.Last().State]}
				ok = true
			}
		}
		out.URL = e.address
		if e.stopped {
			out.State = review.Inactive
		}
	})
	return out, ok
}

// Shows implements reviewtest.Coarse: the API has no state for deployments that wait.
func (s *Server) Shows(state review.DeploymentState) review.DeploymentState {
	if state == review.Queued {
		return review.InProgress
	}
	return state
}
