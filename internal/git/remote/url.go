// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/transport"

	"syncer.dev/syncer/internal/git/signin"
)

// parseURL accepts the addresses that Options.URL lists and nothing else. No error repeats a part of the address that
// may be a secret.
func parseURL(raw string, auth signin.Auth) (*transport.Endpoint, error) {
	if raw == "" {
		return nil, errors.New("no repository URL")
	}
	if strings.ContainsFunc(raw, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, errors.New("repository URL: control characters")
	}
	ep, err := transport.NewEndpoint(raw)
	if err != nil {
		return nil, errors.New("repository URL: not a valid URL")
	}
	ep.Protocol = strings.ToLower(ep.Protocol)
	if err := checkEndpoint(ep, auth); err != nil {
		return nil, fmt.Errorf("repository URL: %w", err)
	}
	if err := auth.Validate(ep.Protocol); err != nil {
		return nil, err
	}
	return ep, nil
}

func checkEndpoint(ep *transport.Endpoint, auth signin.Auth) error {
	switch ep.Protocol {
	case "https", "http":
		if ep.User != "" || ep.Password != "" {
			return errors.New("it holds credentials: take them out, and name a file or an environment variable that has them")
		}
		if ep.Protocol == "http" && !auth.Empty() && !isLoopback(ep.Host) {
			return errors.New("credentials would travel in the clear over http: use https")
		}
	case "ssh":
		if ep.Password != "" {
			return errors.New("it holds a password: take it out, and give an SSH key")
		}
	case "file":
		if ep.Host != "" && ep.Host != "localhost" {
			return errors.New("a file URL names a path on this machine: file:///path")
		}
		if _, err := exec.LookPath("git"); err != nil {
			return errors.New("a local repository needs the git command, which is not on PATH")
		}
	default:
		return fmt.Errorf("scheme %q is not one of https, http, ssh, file", ep.Protocol)
	}
	if ep.Host == "" && ep.Protocol != "file" {
		return errors.New("it names no host")
	}
	if strings.ContainsAny(ep.Path, "?#") && ep.Protocol != "file" {
		return errors.New("it has a query or a fragment")
	}
	return nil
}

func isLoopback(host string) bool {
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// LocalPath returns the folder that url names when it is a path or a file URL, so that a caller can watch it instead of
// waiting for the next poll.
func LocalPath(url string) (dir string, ok bool) {
	ep, err := transport.NewEndpoint(url)
	if err != nil || ep.Protocol != "file" || url == "" {
		return "", false
	}
	return filepath.Clean(ep.Path), true
}

// IsSSH reports whether url is reached over SSH.
func IsSSH(url string) bool {
	ep, err := transport.NewEndpoint(url)
	return err == nil && strings.EqualFold(ep.Protocol, "ssh")
}
