// SPDX-License-Identifier: Apache-2.0

package weblink

import (
	"net/url"
	"regexp"
	"strings"
)

// Kind is a forge, in the words of review.forge in the configuration.
type Kind string

// The forges whose pages are known.
const (
	GitHub      Kind = "github"
	AzureDevOps Kind = "azuredevops"
	GitLab      Kind = "gitlab"
	Gitea       Kind = "gitea" // and Forgejo
)

// Links are the pages of one repository. The zero value has none.
type Links struct {
	base string // https://github.com/team/models
	kind Kind
}

// hosts are the hosts of the public forges.
var hosts = map[string]Kind{
	"github.com":   GitHub,
	"gitlab.com":   GitLab,
	"codeberg.org": Gitea,
	"gitea.com":    Gitea,
}

// azureHost is that of Azure DevOps Services.
const azureHost = "dev.azure.com"

// Of returns the links of the repository that is cloned from a URL. The kind of forge is that of the host if it is
// empty. Links begin with https, but for a repository that is cloned by http.
func Of(repository string, kind Kind) Links {
	scheme, host, path := split(repository)
	if host == "" || path == "" {
		return Links{}
	}
	name, _, _ := strings.Cut(host, ":")
	switch known := hosts[name]; {
	case strings.HasSuffix(name, ".visualstudio.com"):
		organization, _, _ := strings.Cut(name, ".")
		host, path, kind = azureHost, organization+"/"+path, AzureDevOps
	case name == "ssh."+azureHost: // v3/ORG/PROJECT/NAME
		host, path, kind = azureHost, strings.TrimPrefix(path, "v3/"), AzureDevOps
	case name == azureHost:
		kind = AzureDevOps
	case known != "":
		kind = known
	case kind == "" && strings.HasPrefix(name, "gitlab."):
		kind = GitLab
	case kind == "" && strings.HasPrefix(name, "gitea."):
		kind = Gitea
	}
	switch kind {
	case AzureDevOps:
		if before, repo, ok := cutLast(path); ok && !strings.Contains(path, "/_git/") {
			path = before + "/_git/" + repo
		}
	case GitHub, GitLab, Gitea:
	default:
		return Links{}
	}
	u := url.URL{Scheme: scheme, Host: host, Path: "/" + path}
	return Links{base: u.String(), kind: kind}
}

// split returns the scheme of web pages, the host with its port, and the path of a URL as Git takes it. The host is
// empty for a local path.
func split(repository string) (scheme, host, path string) {
	u, err := url.Parse(repository)
	switch {
	case err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http"):
		scheme, host, path = u.Scheme, u.Host, u.Path
	case err == nil && u.Host != "" && u.Scheme == "ssh":
		scheme, host, path = "https", u.Hostname(), u.Path
	default:
		before, after, ok := strings.Cut(repository, ":")
		if !ok || strings.Contains(before, "/") || strings.HasPrefix(after, "//") || len(before) < 2 {
			return "", "", ""
		}
		scheme, host, path = "https", before[strings.LastIndexByte(before, '@')+1:], after
	}
	return scheme, host, strings.TrimSuffix(strings.Trim(path, "/"), ".git")
}

func cutLast(path string) (before, after string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// hash is a Git commit, in full or shortened. Commits come from files that others may have written.
var hash = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// Commit returns the page of a commit; "" if there is none.
func (l Links) Commit(commit string) string {
	if l.base == "" || !hash.MatchString(commit) {
		return ""
	}
	if l.kind == GitLab {
		return l.base + "/-/commit/" + commit
	}
	return l.base + "/commit/" + commit
}

// File returns the page of a file as of a commit; "" if there is none.
func (l Links) File(commit, name string) string {
	if l.base == "" || !hash.MatchString(commit) || name == "" || strings.HasPrefix(name, "/") {
		return ""
	}
	path := strings.ReplaceAll((&url.URL{Path: name}).EscapedPath(), "&", "%26") // no entity in Markdown
	switch l.kind {
	case GitLab:
		return l.base + "/-/blob/" + commit + "/" + path
	case Gitea:
		return l.base + "/src/commit/" + commit + "/" + path
	case AzureDevOps:
		return l.base + "?" + url.Values{"path": {"/" + name}, "version": {"GC" + commit}}.Encode()
	}
	return l.base + "/blob/" + commit + "/" + path
}
