// Package aks keeps agent pools on Azure Kubernetes Service. It is the only package that imports the Azure SDK.
//
// It holds no state: one LIST tells everything about every pool, the ETag for the next write and the error of the last
// operation included, so that nothing has to be resumed after a restart. A write starts an operation and returns.
package aks

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v8"

	"syncer.dev/syncer/internal/capacity"
)

// Options name the cluster whose pools are kept.
type Options struct {
	SubscriptionID string
	ResourceGroup  string
	Cluster        string // name of the AKS cluster
	Location       string // Azure region
	Auth           string // workloadIdentity, managedIdentity, azureCLI or anonymous
	Endpoint       string // "" is the public cloud
	Owner          string // name of this cluster in the configuration; the value of our owner tag
	UserAgent      string
}

// Cloud is a capacity.Cloud on AKS.
type Cloud struct {
	options  Options
	pools    *armcontainerservice.AgentPoolsClient
	usage    *armcompute.UsageClient
	requests *counter
}

var _ capacity.Cloud = (*Cloud)(nil)

// New returns a Cloud. It does not talk to Azure yet.
func New(o Options) (*Cloud, error) {
	config, err := configuration(o)
	if err != nil {
		return nil, err
	}
	cred, err := credential(o, config)
	if err != nil {
		return nil, fmt.Errorf("credentials for Azure (auth: %s): %w", o.Auth, err)
	}
	c := &Cloud{options: o, requests: &counter{seen: map[string]int64{}}}
	// Waits longer than these belong to the loop, which can do other things meanwhile.
	client := &arm.ClientOptions{
		ClientOptions: policy.ClientOptions{
			Cloud:                           config,
			InsecureAllowCredentialWithHTTP: o.Auth == authAnonymous,
			Retry:                           policy.RetryOptions{MaxRetries: 2, RetryDelay: 500 * time.Millisecond, MaxRetryDelay: 5 * time.Second, TryTimeout: 30 * time.Second},
			Telemetry:                       policy.TelemetryOptions{ApplicationID: o.UserAgent},
			PerRetryPolicies:                []policy.Policy{c.requests},
		},
		DisableRPRegistration: true, // it would need rights over the whole subscription
	}
	if c.pools, err = armcontainerservice.NewAgentPoolsClient(o.SubscriptionID, cred, client); err != nil {
		return nil, err
	}
	if c.usage, err = armcompute.NewUsageClient(o.SubscriptionID, cred, client); err != nil {
		return nil, err
	}
	return c, nil
}

// The ways to sign in. There is no chain that tries one after another: which identity spends money is a decision.
const (
	authWorkloadIdentity = "workloadIdentity"
	authManagedIdentity  = "managedIdentity"
	authAzureCLI         = "azureCLI"
	authAnonymous        = "anonymous"
)

// configuration points the SDK to the public cloud, or to an endpoint of its own.
func configuration(o Options) (cloud.Configuration, error) {
	if o.Endpoint == "" {
		if o.Auth == authAnonymous {
			return cloud.Configuration{}, errors.New("auth anonymous is for an emulator: it needs capacity.aks.endpoint on this machine")
		}
		return cloud.AzurePublic, nil
	}
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" {
		return cloud.Configuration{}, fmt.Errorf("capacity.aks.endpoint %q is not a URL", o.Endpoint)
	}
	if u.Scheme != "https" && !loopback(u.Hostname()) {
		return cloud.Configuration{}, fmt.Errorf("capacity.aks.endpoint %q must be https", o.Endpoint)
	}
	if o.Auth == authAnonymous && !loopback(u.Hostname()) {
		return cloud.Configuration{}, fmt.Errorf("auth anonymous is for an emulator on this machine, not for %s", u.Host)
	}
	config := cloud.AzurePublic
	config.Services = maps.Clone(config.Services)
	config.Services[cloud.ResourceManager] = cloud.ServiceConfiguration{Endpoint: o.Endpoint, Audience: o.Endpoint}
	return config, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func credential(o Options, config cloud.Configuration) (azcore.TokenCredential, error) {
	client := policy.ClientOptions{Cloud: config}
	switch o.Auth {
	case authWorkloadIdentity:
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{ClientOptions: client})
	case authManagedIdentity:
		return azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ClientOptions: client})
	case authAzureCLI:
		return azidentity.NewAzureCLICredential(nil)
	case authAnonymous:
		return nobody{}, nil
	}
	return nil, fmt.Errorf("not one of %s, %s, %s, %s", authWorkloadIdentity, authManagedIdentity, authAzureCLI, authAnonymous)
}

// nobody signs in to an emulator, which does not ask who is there.
type nobody struct{}

// GetToken returns a token that no real service accepts.
func (nobody) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "anonymous", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// counter counts requests by method.
type counter struct {
	mu   sync.Mutex
	seen map[string]int64
}

// Do counts and passes on.
func (c *counter) Do(req *policy.Request) (*http.Response, error) {
	c.mu.Lock()
	c.seen[req.Raw().Method]++
	c.mu.Unlock()
	return req.Next()
}

// Requests returns how many requests there were, by HTTP method.
func (c *Cloud) Requests() map[string]int64 {
	c.requests.mu.Lock()
	defer c.requests.mu.Unlock()
	return maps.Clone(c.requests.seen)
}
