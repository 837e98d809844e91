// SPDX-License-Identifier: Apache-2.0

package lookup_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/app/apptest"
	"syncer.dev/syncer/internal/app/lookup"
)

func TestLookUpModel(t *testing.T) {
	_, err := lookup.Model(t.Context(), "http://mirror.example", "", "team/model", "")
	apptest.WantError(t, err, "HF_ENDPOINT: the endpoint must be https")

	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	_, err = lookup.Model(t.Context(), server.URL, "", "team/model", "")
	var unreachable *lookup.UnreachableHubError
	if apptest.WantError(t, err, "404"); errors.As(err, &unreachable) {
		t.Errorf("an answer counts as unreachable: %v", err)
	}

	_, err = lookup.Model(t.Context(), "http://"+apptest.RefusedAddr(t), "", "team/model", "")
	if apptest.WantError(t, err, "refused"); !errors.As(err, &unreachable) {
		t.Errorf("a refused connection does not count as unreachable: %v", err)
	}
}

func TestFetchPrices(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.UserAgent(), "syncer/") {
			t.Errorf("user agent %q", r.UserAgent())
		}
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(server.Close)
	_, err := lookup.Prices(t.Context(), server.URL, []string{"eastus"}, "2026-01-02")
	apptest.WantError(t, err, "403")
}
