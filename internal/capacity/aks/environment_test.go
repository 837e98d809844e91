// SPDX-License-Identifier: Apache-2.0

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
		name        string
		environment Environment
		endpoint    string
		audience    string
		authority   string
		bad         string
	}{
		{
			name:      "default",
			endpoint:  "https://management.azure.com",
			audience:  "https://management.core.windows.net/",
			authority: "https://login.microsoftonline.com/",
		},
		{
			name:        "public",
			environment: Environment{Cloud: "public"},
			endpoint:    "https://management.azure.com",
			audience:    "https://management.core.windows.net/",
			authority:   "https://login.microsoftonline.com/",
		},
		{
			name:        "government",
			environment: Environment{Cloud: "government"},
			endpoint:    "https://management.usgovcloudapi.net",
			audience:    "https://management.core.usgovcloudapi.net/",
			authority:   "https://login.microsoftonline.us/",
		},
		{
			name:        "china",
			environment: Environment{Cloud: "china"},
			endpoint:    "https://management.chinacloudapi.cn",
			audience:    "https://management.core.chinacloudapi.cn/",
			authority:   "https://login.chinacloudapi.cn/",
		},
		{
			name: "private",
			environment: Environment{
				Endpoint:  "https://arm.example",
				Audience:  "https://audience.example",
				Authority: "https://login.example/",
			},
			endpoint:  "https://arm.example",
			audience:  "https://audience.example",
			authority: "https://login.example/",
		},
		{
			name:        "endpoint alone",
			environment: Environment{Cloud: "government", Endpoint: "https://arm.example"},
			endpoint:    "https://arm.example",
			audience:    "https://arm.example",
			authority:   "https://login.microsoftonline.us/",
		},
		{name: "unknown", environment: Environment{Cloud: "moon"}, bad: "not one of public, government, china"},
		{name: "audience alone", environment: Environment{Audience: "https://x"}, bad: "not set"},
		{name: "http authority", environment: Environment{Authority: "http://login.example"}, bad: "must be https"},
		{name: "http endpoint", environment: Environment{Endpoint: "http://arm.example"}, bad: "must be https"},
		{name: "no URL", environment: Environment{Endpoint: "arm"}, bad: "not a URL"},
	} {
		got, err := configuration(Options{Identity: Identity{Auth: authAzureCLI}, Environment: tt.environment})
		if tt.bad != "" {
			if err == nil || !strings.Contains(err.Error(), tt.bad) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.bad)
			}
			continue
		}
		s := got.Services[cloud.ResourceManager]
		if err != nil || s.Endpoint != tt.endpoint || s.Audience != tt.audience ||
			got.ActiveDirectoryAuthorityHost != tt.authority {
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
		_, err := New(Options{
			SubscriptionID: "s",
			ResourceGroup:  "g",
			Cluster:        "c",
			Owner:          "demo",
			Identity:       tt.identity,
		})
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
		config.Services = map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Endpoint: "http://arm.invalid", Audience: "http://arm.invalid"},
		}
		c, err := connect(
			Options{
				SubscriptionID: "sub",
				ResourceGroup:  "rg",
				Cluster:        aksName,
				Owner:          "demo",
				Identity:       Identity{Auth: authAnonymous},
			},
			config,
			anonymous{},
		)
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
