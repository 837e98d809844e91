// SPDX-License-Identifier: Apache-2.0

package app_test

import (
	"testing"

	"syncer.dev/syncer/internal/app"
	"syncer.dev/syncer/internal/app/apptest"
)

// TestPlanLiveWithoutServer returns the error of the API server instead of a plan.
func TestPlanLiveWithoutServer(t *testing.T) {
	c := apptest.Config(t, apptest.Repository(t).Dir)
	_, err := app.PlanLive(t.Context(), c, "")
	apptest.WantError(t, err, "refused")
	c.Cluster = ""
	_, err = app.PlanLive(t.Context(), c, "")
	apptest.WantError(t, err, "cluster: is required")
}
