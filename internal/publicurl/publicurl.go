// SPDX-License-Identifier: Apache-2.0

// Package publicurl decides, by the text of a URL alone, whether a pod may download it for the author of a file.
//
// Pods reach what authors must not: other Services, the API server, the metadata service of the cloud. So a URL must
// name a host of the public Internet. A name may resolve to any address, and a server may redirect to any: the
// container that downloads checks both again (presets/components/fetch-urls).
package publicurl

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// privateSuffixes are the domains of clusters, clouds and local networks; ".local" covers ".cluster.local".
var privateSuffixes = []string{"localhost", "local", "internal", "svc", "home.arpa", "metadata.google"}

// localRanges are the addresses that net/netip does not know as local: the special-purpose ranges of IANA's registries
// (https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry, read in 2026), and
// Azure's virtual address for DNS and the host agent.
var localRanges = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "168.63.129.16/32",
	"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2002::/16", "fec0::/10",
)

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range texts {
		out = append(out, netip.MustParsePrefix(t))
	}
	return out
}

// Fault returns why a URL must not be downloaded, or "". It asks no server.
func Fault(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "":
		return "is not a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return "must be an http or https URL"
	case u.User != nil:
		return "must not contain a user name or password"
	case !portInRange(u):
		return "must have a port from 1 to 65535, or none"
	}
	host := strings.ToLower(strings.TrimRight(u.Hostname(), "."))
	if strings.Contains(host, ":") {
		return addressFault(host)
	}
	if fault := nameFault(host); fault != "" {
		return fault
	}
	labels := strings.Split(host, ".")
	if !isNumber(labels[len(labels)-1]) {
		return ""
	}
	ip, ok := address(labels)
	if !ok {
		return "names a host that is neither a name nor an address"
	}
	return rangeFault(ip)
}

// portInRange reports whether a URL has a port that programs can connect to. A colon without a port is as no port.
func portInRange(u *url.URL) bool {
	if u.Port() == "" {
		return true
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && port > 0
}

// addressFault judges the text of an IPv6 address.
func addressFault(host string) string {
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return "names a host that is neither a name nor an address"
	case ip.Zone() != "":
		return "must not name a network interface"
	}
	return rangeFault(ip)
}

// rangeFault judges an address.
func rangeFault(ip netip.Addr) string {
	ip = ip.Unmap()
	local := !ip.IsGlobalUnicast() || ip.IsPrivate()
	for _, r := range localRanges {
		local = local || r.Contains(ip)
	}
	if ip.Is6() && !local {
		local = ip.As16()[0]&0xe0 != 0x20 // only 2000::/3 is assigned to hosts of the Internet
	}
	if local {
		return "must not point to a loopback, private, link-local or reserved address"
	}
	return ""
}

// nameFault judges a host name, and lets addresses pass.
func nameFault(host string) string {
	for _, r := range host {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_' {
			return "names a host with characters that host names do not have; write international names as xn--..."
		}
	}
	if !strings.Contains(host, ".") && !isNumber(host) {
		return "must name a host of the Internet, not of a local network or cluster"
	}
	for _, suffix := range privateSuffixes {
		if host == suffix || strings.HasSuffix(host, "."+suffix) {
			return "must name a host of the Internet, not of a local network or cluster"
		}
	}
	if strings.Contains(host, "..") || strings.HasPrefix(host, ".") {
		return "names a host that is neither a name nor an address"
	}
	if last := host[strings.LastIndexByte(host, '.')+1:]; !isNumber(last) && !topLevel(last) {
		return "must name a host of the Internet, not of a local network or cluster"
	}
	return ""
}

// topLevel reports whether a label can be a domain of the top level: letters alone, or an international name (RFC 1123,
// section 2.1, and RFC 6912). It is none where a pod names a Service by its namespace, as in web.kube-system; the
// namespace "default" is no domain of the root zone either.
func topLevel(label string) bool {
	return label != "default" && (strings.HasPrefix(label, "xn--") || strings.Trim(label, letters) == "")
}

const letters = "abcdefghijklmnopqrstuvwxyz"

// isNumber reports whether programs read the last label of a host as a part of an IPv4 address.
func isNumber(label string) bool {
	_, ok := number(label)
	return ok || label != "" && strings.Trim(label, "0123456789") == ""
}

// number reads a decimal, octal or hexadecimal number as the C library does for addresses.
func number(label string) (uint64, bool) {
	base := 10
	switch {
	case strings.HasPrefix(label, "0x"):
		base, label = 16, label[2:]
		if label == "" {
			return 0, true
		}
	case len(label) > 1 && label[0] == '0':
		base, label = 8, label[1:]
	}
	if strings.Contains(label, "_") {
		return 0, false
	}
	n, err := strconv.ParseUint(label, base, 64)
	return n, err == nil
}

// address reads an IPv4 address of one to four numbers, the last of which fills the bytes that are left.
func address(labels []string) (netip.Addr, bool) {
	if len(labels) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, label := range labels {
		n, ok := number(label)
		left := 8 * (4 - len(labels) + 1)
		if i < len(labels)-1 {
			left = 8
		}
		if !ok || n >= 1<<left {
			return netip.Addr{}, false
		}
		value = value<<left | n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}
