// SPDX-License-Identifier: Apache-2.0

package github

import (
	"context"
	"testing"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/github/githubtest"
	"syncer.dev/syncer/internal/review/reviewtest"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

func token(context.Context) (string, error) { return emulator.Token, nil }

// harness is the emulator and the adapter.
type harness struct{ *githubtest.Server }

// Forge implements reviewtest.Harness.
func (h harness) Forge() review.Forge { return forge(h.T, h.Server, Options{}) }

func forge(t testing.TB, s *githubtest.Server, o Options) *Forge {
	t.Helper()
	if o.URL == "" {
		o.URL = s.URL
	}
	o.Repository, o.Token = githubtest.Repository, token
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestConform(t *testing.T) {
	reviewtest.Conform(t, func(t *testing.T) reviewtest.Harness { return harness{githubtest.New(t)} })
}

// TestConformApp: the token of an app names no user, as that of a GitHub Actions job.
func TestConformApp(t *testing.T) {
	reviewtest.Conform(t, func(t *testing.T) reviewtest.Harness {
		h := harness{githubtest.New(t)}
		h.User = emulator.App
		return h
	})
}
