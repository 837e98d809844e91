// SPDX-License-Identifier: Apache-2.0

package gitlab

import (
	"context"
	"testing"

	"syncer.dev/syncer/internal/review"
	"syncer.dev/syncer/internal/review/gitlab/gitlabtest"
	"syncer.dev/syncer/internal/review/reviewtest"
	"syncer.dev/syncer/internal/review/reviewtest/emulator"
)

func token(context.Context) (string, error) { return emulator.Token, nil }

// harness is the emulator and the adapter.
type harness struct{ *gitlabtest.Server }

// Forge implements reviewtest.Harness.
func (h harness) Forge() review.Forge { return forge(h.T, h.Server, Options{}) }

func forge(t testing.TB, s *gitlabtest.Server, o Options) *Forge {
	t.Helper()
	o.URL, o.Repository, o.Token, o.Branch = s.URL, gitlabtest.Project, token, "main"
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestConform(t *testing.T) {
	reviewtest.Conform(t, func(t *testing.T) reviewtest.Harness { return harness{gitlabtest.New(t)} })
}
