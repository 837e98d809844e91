// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/capacity/aks/armsim"
)

// TestSignInToAPrivateCloud goes all the way with a federated token: it is exchanged at the authority of the
// configuration for a token for its audience, which is sent to its endpoint, and neither is in any error.
func TestSignInToAPrivateCloud(t *testing.T) {
	const tenant, token, assertion = "00000000-0000-0000-0000-00000000000a", "geheim-token", "geheim-assertion"
	arm, err := armsim.New(armsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var scope, client string
	refuse := false
	var server *httptest.Server
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+tenant+"/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		base := server.URL + "/" + tenant
		_ = json.NewEncoder(w).Encode(map[string]string{
			"issuer":                 base + "/v2.0",
			"authorization_endpoint": base + "/oauth2/v2.0/authorize",
			"token_endpoint":         base + "/oauth2/v2.0/token",
		})
	})
	mux.HandleFunc("POST /"+tenant+"/oauth2/v2.0/token", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_assertion") != assertion || refuse {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).
				Encode(map[string]string{
					"error":             "invalid_client",
					"error_description": "refused client_assertion=" + r.FormValue("client_assertion"),
				})
			return
		}
		scope, client = r.FormValue("scope"), r.FormValue("client_id")
		_ = json.NewEncoder(w).Encode(map[string]any{"token_type": "Bearer", "expires_in": 3600, "access_token": token})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		arm.ServeHTTP(w, r)
	})
	server = httptest.NewTLSServer(mux)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(assertion), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
	open := func() *Cloud {
		c, err := New(Options{
			SubscriptionID: "sub",
			ResourceGroup:  "rg",
			Cluster:        aksName,
			Location:       "eastus",
			Owner:          "demo",
			Identity:       Identity{Auth: authWorkloadIdentity, ClientID: "client", TenantID: tenant},
			Environment:    Environment{Endpoint: server.URL, Audience: "https://audience.example", Authority: server.URL},
			transport:      server.Client(),
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	if pools, err := open().Pools(t.Context()); err != nil || len(pools) != 1 {
		t.Fatal(pools, err)
	}
	if !strings.HasPrefix(scope, "https://audience.example/.default") || client != "client" {
		t.Errorf("a token for %q was asked for by %q", scope, client)
	}
	refuse = true
	c := open()
	_, err = c.Pools(t.Context())
	var cloudErr *capacity.CloudError
	if !errors.As(err, &cloudErr) || cloudErr.Class != capacity.ClassPermission ||
		strings.Contains(err.Error(), "geheim") {
		t.Errorf("refused: %v", err)
	}
	refuse = false
	if _, err := c.Pools(t.Context()); class(err) != capacity.ClassPermission {
		t.Errorf("it is asked again at once: %v", err)
	}
}
