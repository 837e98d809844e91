// SPDX-License-Identifier: Apache-2.0

package forges_test

import (
	"errors"
	"testing"

	"syncer.dev/syncer/internal/app/forges"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/fence"
	"syncer.dev/syncer/internal/review/github/githubtest"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

// TestFenced: a process without permission reads pull requests, and writes no comment.
func TestFenced(t *testing.T) {
	s := githubtest.New(t)
	number := s.Open("main")
	t.Setenv("FORGE_TOKEN", emulator.Token)
	c := config.Default()
	c.Review.Forge, c.Review.URL, c.Review.Repository = config.GitHub, s.URL, githubtest.Repository
	c.Review.TokenEnv = "FORGE_TOKEN"
	permission := fence.ErrNotLeader
	forge, err := forges.Open(c, "syncer/test", func() error { return permission })
	if err != nil {
		t.Fatal(err)
	}
	if list, _, err := forge.OpenPullRequests(t.Context(), "main"); err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	const marker = "<!-- m -->"
	if _, err := forge.Comment(t.Context(), number, marker, marker+"\nplan"); !errors.Is(err, fence.ErrNotLeader) {
		t.Errorf("without permission: %v", err)
	}
	if got := s.Comments(number); len(got) > 0 {
		t.Errorf("comments %+v", got)
	}
	permission = nil
	if _, err := forge.Comment(t.Context(), number, marker, marker+"\nplan"); err != nil || len(s.Comments(number)) != 1 {
		t.Errorf("with permission: %v", err)
	}
}
