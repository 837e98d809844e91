// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"slices"
	"testing"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/gitlab/gitlabtest"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

const environment = "demo/default/phi-4"

const endpoint = "http://phi-4.default.svc:80"

// recorded returns the last state of each deployment, the oldest first.
func recorded(s *gitlabtest.Server) (out []string) {
	s.Do(func() {
		for _, d := range s.Deployments {
			out = append(out, d.Creator.Login+" "+d.Last().State)
		}
	})
	return out
}

// deploy makes a state, and expects that a new process has nothing to write then.
func deploy(t *testing.T, s *gitlabtest.Server, commit string, state review.DeploymentState) review.Deployment {
	t.Helper()
	d := review.Deployment{Environment: environment, Commit: commit, State: state}
	if state == review.Succeeded {
		d.URL = endpoint
	}
	if err := forge(t, s, Options{}).Deploy(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	writes := s.Writes()
	if err := forge(t, s, Options{}).Deploy(t.Context(), d); err != nil || s.Writes() != writes {
		t.Errorf("%s again: %d writes, %v", state, s.Writes()-writes, err)
	}
	got, _ := s.Deployment(environment)
	return got
}

// TestReplaced: what comes after a deployment decides what is left of it.
func TestReplaced(t *testing.T) {
	for name, test := range map[string]struct {
		first, second review.DeploymentState
		want          []string
		url           string
	}{
		"ready, then ready": {
			review.Succeeded, review.Succeeded, []string{"syncer success", "syncer success"}, endpoint,
		},
		"ready, then on its way": {
			review.Succeeded, review.InProgress, []string{"syncer success", "syncer running"}, endpoint,
		},
		"ready, then failed": {review.Succeeded, review.Failed, []string{"syncer success", "syncer failed"}, ""},
		"ready, then ended":  {review.Succeeded, review.Inactive, []string{"syncer success"}, ""},
		"on its way, then replaced": {
			review.InProgress, review.Queued, []string{"syncer canceled", "syncer running"}, "",
		},
		"failed, then ready": {
			review.Failed, review.Succeeded, []string{"syncer failed", "syncer success"}, endpoint,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := gitlabtest.New(t)
			deploy(t, s, s.Commit(), test.first)
			if got := deploy(t, s, s.Commit(), test.second); got.URL != test.url || got.State != s.Shows(test.second) {
				t.Errorf("%+v", got)
			}
			if got := recorded(s); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestStartsAgain: a deployment that has ended does not run again, and a stopped environment needs a new one.
func TestStartsAgain(t *testing.T) {
	s := gitlabtest.New(t)
	commit := s.Commit()
	for _, state := range []review.DeploymentState{
		review.Succeeded, review.InProgress, review.Failed, review.Succeeded, review.Inactive, review.Succeeded,
	} {
		got := deploy(t, s, commit, state)
		serves := state == review.Succeeded || state == review.InProgress // the old one goes on
		if got.State != state || (got.URL != "") != serves {
			t.Errorf("%s: %+v", state, got)
		}
	}
	if got := recorded(s); !slices.Equal(got, []string{"syncer success", "syncer success", "syncer success"}) {
		t.Errorf("%q", got)
	}
}

// TestEndedBeforeAny: there is nothing to say of an environment that never was.
func TestEndedBeforeAny(t *testing.T) {
	s := gitlabtest.New(t)
	deploy(t, s, s.Commit(), review.Inactive)
	if s.Writes() != 0 {
		t.Errorf("%d writes", s.Writes())
	}
	d := review.Deployment{Environment: environment, Commit: "main", State: review.Failed}
	if err := forge(t, s, Options{}).Deploy(t.Context(), d); err == nil {
		t.Error("a branch was taken for a commit")
	}
}

// TestDeploymentsOfOthers stay as they are, and do not count as ours.
func TestDeploymentsOfOthers(t *testing.T) {
	s := gitlabtest.New(t)
	commit := s.Commit()
	deploy(t, s, commit, review.Failed)
	s.Do(func() {
		s.Deployments = append(s.Deployments, &emulator.Deployment{
			ID: s.ID(), Environment: environment, Commit: commit, Ref: "main", Creator: emulator.Other,
			States: []emulator.DeploymentState{{ID: s.ID(), State: "running"}},
		})
	})
	deploy(t, s, commit, review.Succeeded)
	if got := recorded(s); !slices.Equal(got, []string{"syncer success", "mallory running"}) {
		t.Errorf("%q", got)
	}
}

// TestLostDeployment: answers that get lost leave one deployment.
func TestLostDeployment(t *testing.T) {
	s := gitlabtest.New(t)
	commit := s.Commit()
	for _, state := range []review.DeploymentState{review.InProgress, review.Succeeded} {
		f := forge(t, s, Options{})
		s.LoseAnswers(1)
		d := review.Deployment{Environment: environment, Commit: commit, State: state}
		if f.Deploy(t.Context(), d) == nil {
			t.Errorf("%s: no error", state)
		}
		if err := f.Deploy(t.Context(), d); err != nil {
			t.Error(err)
		}
	}
	if got := recorded(s); !slices.Equal(got, []string{"syncer success"}) {
		t.Errorf("%q", got)
	}
}
