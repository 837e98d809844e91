// SPDX-License-Identifier: Apache-2.0

package access

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// forwarding are headers by which proxies say for whom they ask. Such a client is not on this machine, even if
// its address is.
var forwarding = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"}

// Loopback returns why a request is not from this machine, in words for its user; "" if it is. The name that the client
// asked for counts too: a page of another site cannot reach this one by a name that leads to 127.0.0.1.
func Loopback(r *http.Request) string {
	if !loopbackAddress(r.RemoteAddr) {
		return "the request comes from another machine"
	}
	if !LoopbackHost(r) {
		return "the request names a host other than localhost"
	}
	for _, name := range forwarding {
		if r.Header.Get(name) != "" {
			return "a proxy has forwarded the request"
		}
	}
	return ""
}

func loopbackAddress(remote string) bool {
	a, err := netip.ParseAddrPort(remote)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// LoopbackHost reports whether a client asked for this machine by a name or address that always means it.
func LoopbackHost(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
