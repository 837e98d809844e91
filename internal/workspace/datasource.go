package workspace

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// dataSource checks where tuning data comes from.
func (c *check) dataSource(field string, s *DataSource) {
	given := 0
	for _, yes := range []bool{len(s.URLs) > 0, s.Volume != nil, s.Image != ""} {
		if yes {
			given++
		}
	}
	if given != 1 {
		c.fail(field, "exactly one of urls, volumeSource and image must be given", fmt.Sprintf("%d are", given))
	}
	c.image(field+".image", s.Image)
	if c.w.APIVersion == V1alpha1 { // KAITO looks at URLs from v1beta1 on
		return
	}
	for i, u := range s.URLs {
		if message := badURL(u); message != "" {
			c.fail(fmt.Sprintf("%s.urls[%d]", field, i), message, "give a public http or https URL")
		}
	}
}

// localNames are hosts that mean the node itself, or the cloud's metadata service.
var localNames = []string{"localhost", "metadata.google.internal", "metadata.google", "instance-data.ec2.internal"}

// badURL returns why data must not be downloaded from a URL, or "": pods can reach what the author of a file must not.
func badURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return "is not a URL"
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "must be an http or https URL"
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if slices.Contains(localNames, host) || strings.HasSuffix(host, ".localhost") {
		return "must not lead to the node itself or to a metadata service"
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap().WithZone("")
		if ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() {
			return "must not lead to a loopback, private or link-local address"
		}
	}
	return ""
}

// imageReference is the grammar of distribution's references: an optional registry, path components, a tag, a digest.
var imageReference = regexp.MustCompile(`^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]+)?/)?` +
	`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*` +
	`(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`)

// maxImage bounds a reference: a repository's name has at most 255 characters, a tag 128, and a digest less than 200.
const maxImage = 255 + 128 + 200

// image checks a reference to a container image, if one is given.
func (c *check) image(field, ref string) {
	if ref == "" || len(ref) <= maxImage && imageReference.MatchString(ref) {
		return
	}
	if imageReference.MatchString(strings.ToLower(ref)) {
		c.fail(field, fmt.Sprintf("%q is not an image reference: a repository's name is lower case", ref), "write "+strings.ToLower(ref))
		return
	}
	c.fail(field, fmt.Sprintf("%.100q is not an image reference", ref), "write registry/repository:tag")
}
