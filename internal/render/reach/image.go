// SPDX-License-Identifier: Apache-2.0

package reach

import (
	"fmt"
	"regexp"
	"strings"
)

// Mirror says where images are that have a name with the prefix From: a registry, or a part of one.
type Mirror struct {
	From, To string
}

// prefixForm is a host with or without a port, and any number of folders.
var prefixForm = regexp.MustCompile(
	`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$`,
)

// ParseMirror reads FROM=TO, such as docker.io=registry.example.com/hub.
func ParseMirror(text string) (Mirror, error) {
	from, to, _ := strings.Cut(text, "=")
	if !prefixForm.MatchString(from) || !prefixForm.MatchString(to) {
		return Mirror{}, fmt.Errorf("%q does not name a registry and its mirror", text)
	}
	if host, _, _ := strings.Cut(from, "/"); !isHost(host) {
		return Mirror{}, fmt.Errorf("%q does not begin with the host of a registry", from)
	}
	return Mirror{from, to}, nil
}

// Image returns the name by which pods pull an image: that of the mirror with the longest prefix, or the same. A name
// without a host is one of docker.io, as in Kubernetes.
func (s Settings) Image(name string) string {
	full, best := qualified(name), Mirror{}
	for _, m := range s.Registries {
		if len(m.From) > len(best.From) && hasPrefix(full, m.From) {
			best = m
		}
	}
	if best.From == "" {
		return name
	}
	return best.To + full[len(best.From):]
}

// hasPrefix reports whether the prefix ends where a part of the name does.
func hasPrefix(name, prefix string) bool {
	rest, ok := strings.CutPrefix(name, prefix)
	return ok && (rest == "" || strings.ContainsAny(rest[:1], "/:@")) && (strings.Contains(prefix, "/") || !portOf(rest))
}

// portOf reports whether the rest of a name after a host begins with a port: registry.example.com:5000 is another one.
func portOf(rest string) bool { return strings.HasPrefix(rest, ":") && strings.Contains(rest, "/") }

// qualified returns the name with its host: "python" is docker.io/library/python.
func qualified(name string) string {
	host, _, several := strings.Cut(name, "/")
	switch {
	case name == "":
		return ""
	case !several:
		return "docker.io/library/" + name
	case host == "index.docker.io":
		return "docker.io" + strings.TrimPrefix(name, host)
	case isHost(host):
		return name
	}
	return "docker.io/" + name
}

// isHost reports whether the first part of a name is a host, by the rule of Docker.
func isHost(part string) bool { return strings.ContainsAny(part, ".:") || part == "localhost" }
