// SPDX-License-Identifier: Apache-2.0

package entra

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"syncer.dev/syncer/internal/git/signin"
)

// TestWorkloadIdentity exchanges the token of a service account at an emulated authority for one for Azure DevOps.
func TestWorkloadIdentity(t *testing.T) {
	const tenant = "00000000-0000-0000-0000-00000000000a"
	var server *httptest.Server
	asked := 0
	mux := http.NewServeMux()
	mux.HandleFunc("GET /"+tenant+"/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		base := server.URL + "/" + tenant
		_ = json.NewEncoder(w).Encode(map[string]string{
			"issuer": base + "/v2.0", "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token",
		})
	})
	mux.HandleFunc("POST /"+tenant+"/token", func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.FormValue("client_assertion") != "s3cret-assertion" || r.FormValue("client_id") != "client" ||
			!strings.HasPrefix(r.FormValue("scope"), "499b84ac-1321-427f-aa17-267ca6975798/.default") {
			w.WriteHeader(http.StatusUnauthorized)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client"})
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"token_type": "Bearer", "expires_in": 3600, "access_token": "s3cret-token",
		})
	})
	server = httptest.NewTLSServer(mux)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("s3cret-assertion"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
	identity, err := newIdentity(
		Options{Auth: "workloadIdentity", ClientID: "client", TenantID: tenant},
		policy.ClientOptions{
			Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: server.URL},
			Transport: server.Client(),
		}, true)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c, err := identity.Token(t.Context())
		if err != nil || c != (signin.Credential{Secret: "s3cret-token", Bearer: true}) {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times, want one token for both", asked)
	}
}

// TestManagedIdentity asks an emulated endpoint of a machine, as App Service and Azure Arc name theirs.
func TestManagedIdentity(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if q.Get("resource") != "499b84ac-1321-427f-aa17-267ca6975798" || q.Get("client_id") != "client" ||
			r.Header.Get("X-IDENTITY-HEADER") != "header" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"access_token": "s3cret-managed", "expires_on": "4102444800", "resource": q.Get("resource"), "token_type": "Bearer",
		})
	}))
	defer server.Close()
	t.Setenv("IDENTITY_ENDPOINT", server.URL)
	t.Setenv("IDENTITY_HEADER", "header")
	identity, err := New(Options{Auth: "managedIdentity", ClientID: "client"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := identity.Token(t.Context())
	if err != nil || c != (signin.Credential{Secret: "s3cret-managed", Bearer: true}) {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	for _, name := range []string{"AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"} {
		t.Setenv(name, "")
	}
	if _, err := New(Options{Auth: "workloadIdentity"}); err == nil {
		t.Error("a workload identity without an environment was accepted")
	}
	if _, err := New(Options{Auth: "magic"}); err == nil || !strings.Contains(err.Error(), "azureCLI") {
		t.Errorf("%v", err)
	}
}
