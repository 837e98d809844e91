// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/url"
	"regexp"

	"syncer.dev/syncer/internal/diag"
)

// PodNetwork says how pods of a closed cluster reach images, models and the network.
type PodNetwork struct {
	Registries          []string `yaml:"registries" usage:"mirrors of registries for images of pods, as FROM=TO"`
	HuggingFaceEndpoint string   `yaml:"huggingFaceEndpoint" usage:"URL of a mirror of Hugging Face for pods"`
	Proxy               Proxy    `yaml:"proxy" usage:"what pods use to reach the network outside of the cluster"`
}

// Proxy is what pods use to reach the network outside of the cluster.
type Proxy struct {
	HTTP  string   `yaml:"http" usage:"URL of the proxy of pods for http"`
	HTTPS string   `yaml:"https" usage:"URL of the proxy of pods for https"`
	No    []string `yaml:"no" usage:"hosts, .domains and networks that pods reach without a proxy, as those of pods"`
}

var (
	// mirrorForm is FROM=TO, both a host with folders; package reach reads it.
	mirrorForm = regexp.MustCompile(`^` + registryForm + `=` + registryForm + `$`)
	// hostForm begins with a host: a name with a dot or a port, or localhost.
	hostForm = regexp.MustCompile(`^([^/=]*[.:][^/=]*|localhost)[/=]`)
	// noProxyForm is a host, a domain with a leading dot, a network, or an asterisk.
	noProxyForm = regexp.MustCompile(`^(\*|[A-Za-z0-9.:_-]+(/[0-9]{1,3})?)$`)
)

const registryForm = `[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*`

// podNetwork checks the values below pods.
func (c *check) podNetwork() {
	for _, m := range c.Pods.Registries {
		if !mirrorForm.MatchString(m) || !hostForm.MatchString(m) {
			c.fail(diag.InvalidValue, "pods.registries", "write FROM=TO, such as docker.io=registry.example.com/hub",
				"%q does not name a registry and its mirror", m)
		}
	}
	c.podURL("pods.huggingFaceEndpoint", c.Pods.HuggingFaceEndpoint, "https://hub.example.com")
	c.podURL("pods.proxy.http", c.Pods.Proxy.HTTP, "http://proxy.example.com:3128")
	c.podURL("pods.proxy.https", c.Pods.Proxy.HTTPS, "http://proxy.example.com:3128")
	for _, host := range c.Pods.Proxy.No {
		if !noProxyForm.MatchString(host) {
			c.fail(diag.InvalidValue, "pods.proxy.no",
				"write hosts, domains such as .example.com, and networks such as 10.0.0.0/8", "%q is not valid", host)
		}
	}
}

// podURL checks a URL that is written into the objects of the cluster, where every reader sees it.
func (c *check) podURL(field, text, example string) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		c.fail(diag.InvalidValue, field, "write a URL such as "+example, "is not a URL of http or https")
	case u.User != nil:
		c.fail(diag.InvalidValue, field, "let the server admit the cluster without a password",
			"has a user name or password, which every reader of the pods would see")
	case u.RawQuery != "" || u.Fragment != "":
		c.fail(diag.InvalidValue, field, "write a URL such as "+example, "has a query or a fragment")
	}
}
