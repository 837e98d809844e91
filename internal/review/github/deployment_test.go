// SPDX-License-Identifier: Apache-2.0

package github

import (
	"slices"
	"testing"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/github/githubtest"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

const environment = "demo/default/phi-4"

// states returns the last state of each deployment, the oldest first.
func states(s *githubtest.Server) (out []string) {
	s.Do(func() {
		for _, d := range s.Deployments {
			out = append(out, d.Creator.Login+" "+d.Last().State)
		}
	})
	return out
}

// TestReplaced: what comes after a deployment decides what is left of it.
func TestReplaced(t *testing.T) {
	for name, test := range map[string]struct {
		first, second review.DeploymentState
		want          []string
	}{
		"ready, then ready":         {review.Succeeded, review.Succeeded, []string{"syncer inactive", "syncer success"}},
		"ready, then on its way":    {review.Succeeded, review.InProgress, []string{"syncer success", "syncer in_progress"}},
		"ready, then failed":        {review.Succeeded, review.Failed, []string{"syncer inactive", "syncer failure"}},
		"ready, then ended":         {review.Succeeded, review.Inactive, []string{"syncer inactive"}},
		"on its way, then replaced": {review.InProgress, review.Queued, []string{"syncer inactive", "syncer queued"}},
		"failed, then ready":        {review.Failed, review.Succeeded, []string{"syncer failure", "syncer success"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := githubtest.New(t)
			for _, state := range []review.DeploymentState{test.first, test.second} {
				d := review.Deployment{Environment: environment, Commit: s.Commit(), State: state}
				if err := forge(t, s, Options{}).Deploy(t.Context(), d); err != nil {
					t.Fatal(err)
				}
				writes := s.Writes()
				if err := forge(t, s, Options{}).Deploy(t.Context(), d); err != nil || s.Writes() != writes {
					t.Errorf("%s again: %d writes, %v", state, s.Writes()-writes, err)
				}
			}
			if got := states(s); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestEndedBeforeAny: there is nothing to say of an environment that never was.
func TestEndedBeforeAny(t *testing.T) {
	s := githubtest.New(t)
	d := review.Deployment{Environment: environment, Commit: s.Commit(), State: review.Inactive}
	if err := forge(t, s, Options{}).Deploy(t.Context(), d); err != nil || s.Writes() != 0 {
		t.Errorf("%d writes, %v", s.Writes(), err)
	}
	d.Commit = "main"
	if err := forge(t, s, Options{}).Deploy(t.Context(), d); err == nil {
		t.Error("a branch was taken for a commit")
	}
}

// TestDeploymentsOfOthers stay as they are, and do not count as ours.
func TestDeploymentsOfOthers(t *testing.T) {
	s := githubtest.New(t)
	commit := s.Commit()
	for _, task := range []string{"deploy", "syncer"} {
		s.Do(func() {
			s.Deployments = append(s.Deployments, &emulator.Deployment{
				ID: s.ID(), Environment: environment, Commit: commit, Task: task, Creator: emulator.Other,
				States: []emulator.DeploymentState{{ID: s.ID(), State: "failure"}},
			})
		})
	}
	d := review.Deployment{
		Environment: environment, Commit: commit, State: review.Succeeded, URL: "http://phi-4.default.svc:80",
	}
	if err := forge(t, s, Options{}).Deploy(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	d.State = review.Inactive
	if err := forge(t, s, Options{}).Deploy(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	want := []string{"mallory failure", "mallory failure", "syncer inactive"}
	if got := states(s); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, _ := s.Deployment(environment); got.URL != "" {
		t.Errorf("an endpoint that has ended: %+v", got)
	}
}

// TestLostDeployment: answers that get lost leave one deployment with one state.
func TestLostDeployment(t *testing.T) {
	s := githubtest.New(t)
	d := review.Deployment{Environment: environment, Commit: s.Commit(), State: review.InProgress}
	for _, state := range []review.DeploymentState{review.InProgress, review.Succeeded} {
		d.State = state
		f := forge(t, s, Options{})
		failed := 0
		for s.LoseAnswers(1); ; s.LoseAnswers(0) {
			if f.Deploy(t.Context(), d) == nil {
				break
			}
			failed++
		}
		if failed != 1 {
			t.Errorf("%s: %d errors", state, failed)
		}
	}
	if got := states(s); !slices.Equal(got, []string{"syncer success"}) {
		t.Errorf("%q", got)
	}
	s.Do(func() {
		if n := len(s.Deployments[0].States); n != 2 {
			t.Errorf("%d states", n)
		}
	})
}
