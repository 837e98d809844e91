// Package aks keeps agent pools on Azure Kubernetes Service. It is the only package that imports the Azure SDK.
//
// It holds no state: one LIST tells everything about every pool, the ETag for the next write and the error of the last
// operation included, so that nothing has to be resumed after a restart. A write starts an operation and returns.
package aks

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
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
	Identity
	Place
	Owner     string // name of this cluster in the configuration; the value of our owner tag
	UserAgent string

	// For tests: a clock, how requests travel, and how long the SDK waits before it tries again.
	now        func() time.Time
	transport  policy.Transporter
	retryDelay time.Duration
}

// Cloud is a capacity.Cloud on AKS.
type Cloud struct {
	options  Options
	pools    *armcontainerservice.AgentPoolsClient
	usage    *armcompute.UsageClient
	skus     *armcompute.ResourceSKUsClient
	requests *counter
}

var _ capacity.Cloud = (*Cloud)(nil)

// New returns a Cloud. It does not talk to Azure yet.
func New(o Options) (*Cloud, error) {
	if o.Owner == "" {
		return nil, errors.New("the cluster needs a name: it marks the agent pools that are syncer's")
	}
	config, err := configuration(o)
	if err != nil {
		return nil, err
	}
	cred, err := credential(o.Identity, policy.ClientOptions{Cloud: config, Transport: o.transport}, o.Place.private())
	if err != nil {
		return nil, fmt.Errorf("credentials for Azure (auth: %s): %w", o.Auth, err)
	}
	return connect(o, config, cred)
}

// connect makes the clients.
func connect(o Options, config cloud.Configuration, cred azcore.TokenCredential) (*Cloud, error) {
	if o.now == nil {
		o.now = time.Now
	}
	c := &Cloud{options: o, requests: &counter{seen: map[string]int64{}}}
	client := &arm.ClientOptions{
		ClientOptions: policy.ClientOptions{
			Cloud:                           config,
			InsecureAllowCredentialWithHTTP: o.Auth == authAnonymous,
			Retry: policy.RetryOptions{
				MaxRetries: 2, RetryDelay: cmp.Or(o.retryDelay, 500*time.Millisecond), MaxRetryDelay: 5 * time.Second, TryTimeout: 30 * time.Second,
				// Not 429: that wait is for the loop, which can do other things meanwhile.
				StatusCodes: []int{http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout},
			},
			Telemetry:        policy.TelemetryOptions{ApplicationID: o.UserAgent},
			PerCallPolicies:  []policy.Policy{newGate(o.now)},
			PerRetryPolicies: []policy.Policy{newMeter(o.now), c.requests},
			Transport:        o.transport,
		},
		DisableRPRegistration: true, // it would need rights over the whole subscription
	}
	var err error
	if c.pools, err = armcontainerservice.NewAgentPoolsClient(o.SubscriptionID, cred, client); err != nil {
		return nil, err
	}
	if c.usage, err = armcompute.NewUsageClient(o.SubscriptionID, cred, client); err != nil {
		return nil, err
	}
	if c.skus, err = armcompute.NewResourceSKUsClient(o.SubscriptionID, cred, client); err != nil {
		return nil, err
	}
	return c, nil
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
