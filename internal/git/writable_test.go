// SPDX-License-Identifier: Apache-2.0

package git_test

import (
	"errors"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/git"
	"syncer.dev/syncer/internal/git/gittest"
)

// TestWritable asks a server whether it takes pushes, and finds nothing written.
func TestWritable(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"a": "1"}, "one")
	repo.Reset("taken", "main")
	repo.Reset("deep/er", "main")
	before := repo.Git("for-each-ref")
	r, err := git.Open(git.Options{URL: repo.URL(), Branch: "main"})
	if err != nil {
		t.Fatal(err)
	}
	var rejected *git.RejectedError
	for _, c := range []struct {
		name, branch string
		faults       gittest.Faults
		want         string // "" is writable
		refused      bool
	}{
		{"a new branch", "syncer/status", gittest.Faults{}, "", false},
		{"a branch that exists", "taken", gittest.Faults{}, "", false},
		{"below another branch", "taken/status", gittest.Faults{}, "branch taken stands in the way", true},
		{"above another branch", "deep", gittest.Faults{}, "branch deep/er stands in the way", true},
		{"no branch name", "a..b", gittest.Faults{}, "not a valid name", false},
		{"read only", "syncer/status", gittest.Faults{ReadOnly: true}, "rejected", true},
		{"a password", "syncer/status", gittest.Faults{Username: "u", Password: "p"}, "rejected", true},
		{"down", "syncer/status", gittest.Faults{Down: true}, "list refs to push", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			repo.SetFaults(c.faults)
			defer repo.SetFaults(gittest.Faults{})
			err := r.Branch(c.branch).Writable(t.Context())
			switch {
			case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %q", err, c.want)
			case errors.As(err, &rejected) != c.refused:
				t.Errorf("error %v is a refusal: %t", err, !c.refused)
			}
		})
	}
	if after := repo.Git("for-each-ref"); after != before {
		t.Errorf("refs:\n%s\nwant\n%s", after, before)
	}
}

// TestDenied tells credentials that are refused from a server that does not answer.
func TestDenied(t *testing.T) {
	repo := gittest.NewRepo(t)
	repo.Commit(map[string]string{"a": "1"}, "one")
	r, err := git.Open(git.Options{URL: repo.URL(), Branch: "main"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		faults gittest.Faults
		want   bool
	}{
		{gittest.Faults{Username: "u", Password: "p"}, true},
		{gittest.Faults{Status: 403}, true},
		{gittest.Faults{Status: 404}, true},
		{gittest.Faults{Status: 503}, false},
		{gittest.Faults{Down: true}, false},
	} {
		repo.SetFaults(c.faults)
		if _, err := r.Head(t.Context()); err == nil || git.Denied(err) != c.want {
			t.Errorf("%+v: %v, denied %t", c.faults, err, git.Denied(err))
		}
	}
}
