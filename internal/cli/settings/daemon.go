// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Daemon returns the URL of the daemon: address, or by default that of the configuration (listen). A wildcard means
// this machine.
func (s Settings) Daemon(address string) (string, error) {
	if address != "" {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return "", fmt.Errorf("--address %q is not a URL such as http://127.0.0.1:8080", address)
		}
		return strings.TrimSuffix(u.String(), "/"), nil
	}
	c, err := s.Load()
	if err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return "", errors.New("the configuration has no address of the daemon (listen): name it with --address")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port), nil
}
