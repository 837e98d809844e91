// SPDX-License-Identifier: Apache-2.0

package githubtest

import (
	"net/http"
	"slices"
	"unicode/utf8"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

func record(d *emulator.Deployment) map[string]any {
	return map[string]any{
		"id":          d.ID,
		"sha":         d.Commit,
		"ref":         d.Ref,
		"task":        d.Task,
		"environment": d.Environment,
		"creator":     user(d.Creator),
	}
}

// deployment answers the operations on deployments.
func (s *Server) deployment(op *emulator.Operation, r *http.Request, body map[string]any) (int, any) {
	text := func(name string) string { v, _ := body[name].(string); return v }
	switch {
	case op.Params["deployment_id"] != "":
		i := slices.IndexFunc(s.Deployments, func(d *emulator.Deployment) bool { return d.ID == number(op, "deployment_id") })
		switch {
		case i < 0:
			return http.StatusNotFound, "Not Found"
		case body == nil:
			return s.states(s.Deployments[i])
		}
		return s.setState(s.Deployments[i], body)
	case body == nil:
		query := r.URL.Query()
		out := []map[string]any{}
		for _, d := range slices.Backward(s.Deployments) {
			if (!query.Has("environment") || d.Environment == query.Get("environment")) &&
				(!query.Has("task") || d.Task == query.Get("task")) {
				out = append(out, record(d))
			}
		}
		return http.StatusOK, out
	}
	// Without these two fields GitHub would check all statuses of the commit, and merge the default branch.
	if contexts, ok := body["required_contexts"].([]any); !ok || len(contexts) > 0 {
		return http.StatusConflict, "Conflict: Commit status checks failed for " + text("ref")
	}
	if body["auto_merge"] != false {
		return http.StatusAccepted, map[string]any{"message": "Auto-merged main into " + text("ref")}
	}
	d := &emulator.Deployment{
		ID:          s.ID(),
		Environment: text("environment"),
		Commit:      text("ref"),
		Ref:         text("ref"),
		Task:        text("task"),
		Creator:     s.User,
	}
	s.Deployments = append(s.Deployments, d)
	return http.StatusCreated, record(d)
}

func (s *Server) states(d *emulator.Deployment) (int, any) {
	out := []map[string]any{}
	for _, state := range slices.Backward(d.States) {
		out = append(out, stateOf(d, state))
	}
	return http.StatusOK, out
}

func stateOf(d *emulator.Deployment, s emulator.DeploymentState) map[string]any {
	return map[string]any{
		"id":              s.ID,
		"state":           s.State,
		"description":     s.Description,
		"environment_url": s.URL,
		"environment":     d.Environment,
		"creator":         user(d.Creator),
	}
}

// setState adds a status. A success makes earlier ones inactive (GitHub Docs, "Create a deployment status",
// auto_inactive).
func (s *Server) setState(d *emulator.Deployment, body map[string]any) (int, any) {
	text := func(name string) string { v, _ := body[name].(string); return v }
	if d.Creator != s.User {
		s.T.Errorf("deployment %d of %s gets a status", d.ID, d.Creator.Login)
	}
	if utf8.RuneCountInString(text("description")) > maxDescription {
		return http.StatusUnprocessableEntity, "Validation Failed: description is too long (maximum is 140 characters)"
	}
	state := emulator.DeploymentState{
		ID: s.ID(), State: text("state"), Description: text("description"), URL: text("environment_url"),
	}
	d.States = append(d.States, state)
	if state.State == "success" && body["auto_inactive"] != false {
		for _, other := range s.Deployments {
			if other != d && other.Environment == d.Environment && other.Last().State == "success" {
				other.States = append(other.States, emulator.DeploymentState{ID: s.ID(), State: "inactive"})
			}
		}
	}
	return http.StatusCreated, stateOf(d, state)
}

// Deployment implements reviewtest.Environments: what GitHub shows of an environment is that of its active deployment,
// or the last one if none is active.
func (s *Server) Deployment(environment string) (out review.Deployment, ok bool) {
	s.Do(func() {
		for _, d := range s.Deployments {
			if last := d.Last(); d.Environment == environment && last.State != "" {
				out = review.Deployment{
					Environment: environment,
					Commit:      d.Commit,
					State:       review.DeploymentState(last.State),
					Description: last.Description,
					URL:         last.URL,
				}
				ok = true
			}
		}
	})
	return out, ok
}
