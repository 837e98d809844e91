// SPDX-License-Identifier: Apache-2.0

package publicurl

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// refused are URLs of hosts that authors of files must not reach through a pod, in the spellings that programs accept.
var refused = []string{
	"http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/",
	"http://017700000001/",
	"http://0177.0.0.1/", "http://127.0.0.1./", "http://0/", "http://0.0.0.0/", "http://127.0.0.1:80/x", "http://0x/",
	"http://10.0.0.1/", "http://10.1/", "http://0xa.1/", "http://167772161/", "http://172.16.0.1/",
	"http://172.31.255.255/",
	"http://192.168.1.1/", "http://192.168.257/", "http://0300.0250.1.1/", "http://100.64.0.1/", "http://198.18.0.1/",
	"http://169.254.169.254/latest/meta-data", "http://2852039166/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/",
	"http://169.254.43518/", "http://168.63.129.16/", "http://0xa83f8110/", "http://2822734096/", "http://224.0.0.1/",
	"http://255.255.255.255/", "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/",
	"http://[0:0:0:0:0:ffff:a9fe:a9fe]/", "http://[::127.0.0.1]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/",
	"http://[fd00::1]/", "http://[fec0::1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[ff02::1]/",
	"http://[2001::1]/", "http://[2600::1%25eth0]/", "http://localhost/", "http://LOCALHOST./", "http://a.localhost/",
	"http://metadata.google.internal/", "http://metadata.google/", "http://metadata/", "http://kubernetes/",
	"http://kubernetes.default.svc/", "http://kubernetes.default.svc.cluster.local/", "http://kubernetes.default.svc./",
	"http://kubernetes.default.svc.cluster.local../", "http://x.internal/", "http://x.INTERNAL./", "http://printer.local/",
	"http://instance-data.ec2.internal/", "http://user@example.com/", "http://user:word@example.com/",
	"http://@example.com/",
	"http://example.com\\@127.0.0.1/", "http://１２７.０.０.１/", "http://127。0。0。1/", "http://%31%32%37.0.0.1/",
	"http://ex ample.com/", "http://1.2.3.4.5/", "http://256.256.256.256/", "http://1.2.3.09/", "http://0x7f.0x0.0x0.0x1/",
	"ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/", "example.com", "",
	"http://", "http:///x",
	"https://example.com:99999/x", "https://example.com:65536/", "https://example.com:0/",
	"https://[2606:4700::1111]:65536/", "https://example.com:18446744073709551617/",
	"https://kubernetes.default/x", "https://KUBERNETES.default./", "https://metrics-server.kube-system/",
	"https://web.team1/", "https://web.my_team/",
	"http://a..b/", "http://[::1", "http://1_0.0.0.1/",
}

var admitted = []string{
	"https://example.com/a", "http://example.com", "https://EXAMPLE.com./a?b=c#d", "https://huggingface.co:443/x",
	"http://8.8.8.8/", "http://134744072/", "http://1.1/", "https://[2606:4700::1111]/x", "https://[::ffff:8.8.8.8]/",
	"https://xn--bcher-kva.example/", "https://my_bucket.s3.amazonaws.com/x", "https://internal.example.com/",
	"https://svc.example.com/", "https://local.example.com/", "https://172.32.0.1/", "https://100.128.0.1/",
	"https://example.com:65535/", "https://example.com:1/", "https://example.com:/x", "https://default.example.com/",
	"https://example.xn--p1ai/", "https://kube-system.example.com/",
	"https://account.blob.core.windows.net/c/f?sv=1&sig=a%2Bb",
}

func TestFault(t *testing.T) {
	for _, text := range refused {
		if Fault(text) == "" {
			t.Errorf("%q is admitted", text)
		}
	}
	for _, text := range admitted {
		if fault := Fault(text); fault != "" {
			t.Errorf("%q: %s", text, fault)
		}
	}
}

// FuzzFault: no spelling of an address that Go's own parsers understand gets around the ranges.
func FuzzFault(f *testing.F) {
	for _, text := range append(refused, admitted...) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if Fault(text) != "" {
			return
		}
		u, err := url.Parse(text)
		if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
			t.Fatalf("%q is admitted", text)
		}
		host := strings.TrimRight(u.Hostname(), ".")
		ip := net.ParseIP(host)
		if ip != nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()) {
			t.Fatalf("%q is admitted", text)
		}
		if ip, err := netip.ParseAddr(host); err == nil && (ip.Zone() != "" || !ip.Unmap().IsGlobalUnicast()) {
			t.Fatalf("%q is admitted", text)
		}
		if !strings.ContainsAny(host, ".:") && strings.Trim(host, "0123456789abcdefxABCDEFX") != "" {
			t.Fatalf("%q is admitted: a name without a dot", text)
		}
	})
}
