// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/containerservice/armcontainerservice/v8"

	"syncer.dev/syncer/internal/capacity"
	"syncer.dev/syncer/internal/outbound"
)

// Options configure a Cloud for one AKS cluster.
type Options struct {
	SubscriptionID string
	ResourceGroup  string
	Cluster        string // name of the AKS cluster
	Location       string // Azure region
	Identity
	Environment
	Owner     string // name of this cluster in the configuration; the value of our owner tag
	UserAgent string
	// MayWrite is asked right before each request that writes, and refuses it by an error; nil permits all.
	MayWrite func() error

	// For tests: the clock, the transport, and the delay before the SDK retries.
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
	requests outbound.Counter
}

var _ capacity.Cloud = (*Cloud)(nil)

// New returns a Cloud, or an error of the options. It sends no request.
func New(o Options) (*Cloud, error) {
	if o.Owner == "" {
		return nil, errors.New("the cluster has no name in the configuration; syncer marks its agent pools with it")
	}
	config, err := configuration(o)
	if err != nil {
		return nil, err
	}
	client := policy.ClientOptions{Cloud: config, Transport: o.transport}
	cred, err := credential(o.Identity, client, o.Environment.private())
	if err != nil {
		return nil, fmt.Errorf("credentials for Azure (auth: %s): %w", o.Auth, err)
	}
	return connect(o, config, cred)
}

// connect creates the clients.
func connect(o Options, config cloud.Configuration, cred azcore.TokenCredential) (*Cloud, error) {
	if o.now == nil {
		o.now = time.Now
	}
	c := &Cloud{options: o}
	client := &arm.ClientOptions{
		ClientOptions: policy.ClientOptions{
			Cloud:                           config,
			InsecureAllowCredentialWithHTTP: o.Auth == authAnonymous,
			Retry: policy.RetryOptions{
				MaxRetries: 2,
				RetryDelay: cmp.Or(
					o.retryDelay,
					500*time.Millisecond,
				),
				MaxRetryDelay: 5 * time.Second,
				TryTimeout:    30 * time.Second,
				// Not 429: the throttle fails the call, so that the loop goes on with other work.
				StatusCodes: []int{
					http.StatusRequestTimeout,
					http.StatusInternalServerError,
					http.StatusBadGateway,
					http.StatusServiceUnavailable,
					http.StatusGatewayTimeout,
				},
			},
			Telemetry:        policy.TelemetryOptions{ApplicationID: o.UserAgent},
			PerCallPolicies:  []policy.Policy{newThrottle(o.now)},
			PerRetryPolicies: []policy.Policy{fenced{o.MayWrite}, newMeter(o.now), counting{&c.requests}},
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

// counting is the policy that counts requests by method.
type counting struct{ requests *outbound.Counter }

// Do counts the request and sends it.
func (c counting) Do(req *policy.Request) (*http.Response, error) {
	c.requests.Add(req.Raw().Method)
	return req.Next()
}

// Requests returns the number of requests sent so far, retries included, by HTTP method.
func (c *Cloud) Requests() map[string]int64 { return c.requests.Counts() }
