// SPDX-License-Identifier: Apache-2.0

package aks

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"syncer.dev/syncer/internal/redact"
)

// Environment selects one of Azure's clouds. A private cloud sets its own endpoint, audience and
// authority.
type Environment struct {
	Cloud     string // public (or ""), government or china
	Endpoint  string // Azure Resource Manager; "" is that of Cloud
	Audience  string // for which tokens are made; "" is Endpoint
	Authority string // where identities sign in; "" is that of Cloud
}

// private reports whether identities sign in outside Microsoft's own clouds.
func (p Environment) private() bool { return p.Authority != "" }

var clouds = map[string]cloud.Configuration{
	"": cloud.AzurePublic, "public": cloud.AzurePublic, "government": cloud.AzureGovernment, "china": cloud.AzureChina,
}

// configuration points the SDK to one of Azure's clouds, or to an endpoint of its own.
func configuration(o Options) (cloud.Configuration, error) {
	config, ok := clouds[o.Cloud]
	if !ok {
		return config, fmt.Errorf("capacity.aks.cloud %q is not one of public, government, china", o.Cloud)
	}
	config.Services = maps.Clone(config.Services)
	if o.Authority != "" {
		if _, err := secureURL("capacity.aks.authority", o.Authority); err != nil {
			return config, err
		}
		config.ActiveDirectoryAuthorityHost = o.Authority
	}
	if o.Endpoint == "" {
		switch {
		case o.Auth == authAnonymous:
			return config, errors.New(
				"auth anonymous is for an emulator: set capacity.aks.endpoint to an address on this machine")
		case o.Audience != "":
			return config, errors.New("capacity.aks.audience needs capacity.aks.endpoint, which is not set")
		}
		return config, nil
	}
	u, err := secureURL("capacity.aks.endpoint", o.Endpoint)
	if err != nil {
		return config, err
	}
	if o.Auth == authAnonymous && !loopback(u.Hostname()) {
		return config, fmt.Errorf("auth anonymous is for an emulator on this machine, not for %s", u.Host)
	}
	audience := o.Audience
	if audience == "" {
		audience = o.Endpoint
	}
	config.Services[cloud.ResourceManager] = cloud.ServiceConfiguration{Endpoint: o.Endpoint, Audience: audience}
	return config, nil
}

// secureURL parses the URL of a service that receives tokens: it must be https, or on this machine.
func secureURL(field, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%s %q is not a URL", field, redact.Text(text))
	}
	if u.Scheme != "https" && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("%s %q must be https", field, redact.Text(text))
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
