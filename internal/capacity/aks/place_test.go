package aks

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"syncer.dev/syncer/internal/capacity/aks/armsim"
)

func TestClouds(t *testing.T) {
	for _, tt := range []struct {
		name      string
		place     Place
		endpoint  string
		audience  string
		authority string
		bad       string
	}{
		{"default", Place{}, "https://management.azure.com", "https://management.core.windows.net/", "https://login.microsoftonline.com/", ""},
		{"public", Place{Cloud: "public"}, "https://management.azure.com", "https://management.core.windows.net/", "https://login.microsoftonline.com/", ""},
		{"government", Place{Cloud: "government"}, "https://management.usgovcloudapi.net", "https://management.core.usgovcloudapi.net/", "https://login.microsoftonline.us/", ""},
		{"china", Place{Cloud: "china"}, "https://management.chinacloudapi.cn", "https://management.core.chinacloudapi.cn/", "https://login.chinacloudapi.cn/", ""},
		{"private", Place{Endpoint: "https://arm.example", Audience: "https://audience.example", Authority: "https://login.example/"}, "https://arm.example", "https://audience.example", "https://login.example/", ""},
		{"endpoint alone", Place{Cloud: "government", Endpoint: "https://arm.example"}, "https://arm.example", "https://arm.example", "https://login.microsoftonline.us/", ""},
		{"unknown", Place{Cloud: "moon"}, "", "", "", "not one of public, government, china"},
		{"audience alone", Place{Audience: "https://x"}, "", "", "", "not given"},
		{"http authority", Place{Authority: "http://login.example"}, "", "", "", "must be https"},
		{"http endpoint", Place{Endpoint: "http://arm.example"}, "", "", "", "must be https"},
		{"no URL", Place{Endpoint: "arm"}, "", "", "", "not a URL"},
	} {
		got, err := configuration(Options{Identity: Identity{Auth: authAzureCLI}, Place: tt.place})
		if tt.bad != "" {
			if err == nil || !strings.Contains(err.Error(), tt.bad) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.bad)
			}
			continue
		}
		s := got.Services[cloud.ResourceManager]
		if err != nil || s.Endpoint != tt.endpoint || s.Audience != tt.audience || got.ActiveDirectoryAuthorityHost != tt.authority {
			t.Errorf("%s: %v %+v %s", tt.name, err, s, got.ActiveDirectoryAuthorityHost)
		}
	}
	if cloud.AzurePublic.Services[cloud.ResourceManager].Endpoint != "https://management.azure.com" {
		t.Error("the SDK's own table was changed")
	}
}

func TestIdentities(t *testing.T) {
	for _, name := range []string{"AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	for _, tt := range []struct {
		identity Identity
		bad      string
	}{
		{Identity{Auth: authManagedIdentity}, ""},
		{Identity{Auth: authManagedIdentity, ClientID: "00000000-0000-0000-0000-000000000001"}, ""},
		{Identity{Auth: authAzureCLI, TenantID: "00000000-0000-0000-0000-000000000002"}, ""},
		{Identity{Auth: authWorkloadIdentity}, "workloadIdentity"}, // nothing was projected into this process
		{Identity{Auth: "default"}, "not one of"},
		{Identity{}, "not one of"},
	} {
		_, err := New(Options{SubscriptionID: "s", ResourceGroup: "g", Cluster: "c", Owner: "demo", Identity: tt.identity})
		if tt.bad == "" && err != nil || tt.bad != "" && (err == nil || !strings.Contains(err.Error(), tt.bad)) {
			t.Errorf("%+v: %v, want %q", tt.identity, err, tt.bad)
		}
	}
}

const proxied = "SYNCER_TEST_PROXIED"

// TestProxy lists pools in a process of its own, whose environment names a proxy: Go reads that once.
func TestProxy(t *testing.T) {
	if os.Getenv(proxied) != "" {
		config := cloud.AzurePublic
		config.Services = map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Endpoint: "http://arm.invalid", Audience: "http://arm.invalid"}}
		c, err := connect(Options{SubscriptionID: "sub", ResourceGroup: "rg", Cluster: aksName, Owner: "demo", Identity: Identity{Auth: authAnonymous}}, config, nobody{})
		if err != nil {
			t.Fatal(err)
		}
		if pools, err := c.Pools(t.Context()); err != nil || len(pools) != 1 {
			t.Fatal(pools, err)
		}
		return
	}
	s := emulator(t, armsim.Options{})
	var asked atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Host)
		s.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestProxy$")
	cmd.Env = append(os.Environ(), proxied+"=1", "HTTP_PROXY="+proxy.URL, "NO_PROXY=")
	if out, err := cmd.CombinedOutput(); err != nil || asked.Load() != "arm.invalid" {
		t.Errorf("the proxy was asked for %v: %v\n%s", asked.Load(), err, out)
	}
}
