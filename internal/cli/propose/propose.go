// SPDX-License-Identifier: Apache-2.0

// Package propose has the names that a shell proposes when a user presses the tab key. A source of names that fails
// proposes nothing.
package propose

import (
	"context"
	"slices"
	"time"

	"syncer.dev/syncer/internal/app/statusbranch"
	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/cli/catalog"
	"syncer.dev/syncer/internal/cli/recorded"
	"syncer.dev/syncer/internal/cli/settings"
)

// Presets proposes the models of the catalogue, those of the working folder included.
func Presets(env catalog.Env) func(context.Context) []string {
	return func(context.Context) []string {
		models, _, err := catalog.Of(env, "")
		if err != nil {
			return nil
		}
		var out []string
		for _, p := range models.All() {
			out = append(out, p.Name)
		}
		return out
	}
}

// Sizes proposes the sizes that presets can use.
func Sizes(context.Context) []string {
	var out []string
	for s := range capacity.SKUs() {
		if s.Unusable() == "" {
			out = append(out, s.Name)
		}
	}
	slices.Sort(out)
	return out
}

// completionTimeout bounds how long the tab key waits for the status branch.
const completionTimeout = 2 * time.Second

// Workspaces proposes the Workspaces that the status branch records. It reads a clone as it is, without a fetch.
func Workspaces(s *settings.Settings) func(context.Context) []string {
	return func(ctx context.Context) []string {
		ctx, cancel := context.WithTimeout(ctx, completionTimeout)
		defer cancel()
		c, err := s.Load()
		if err != nil {
			return nil
		}
		r, err := statusbranch.Open(ctx, c, statusbranch.AsFetched)
		if err != nil {
			return nil
		}
		reports, err := recorded.Reports(ctx, r, "", time.Now())
		if err != nil {
			return nil
		}
		var out []string
		for _, report := range reports {
			out = append(out, report.Name)
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
}
