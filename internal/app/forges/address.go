// SPDX-License-Identifier: Apache-2.0

package forges

import (
	"net/url"
	"strings"
)

// address returns the host of a repository's URL, and its path without the parts that only Git needs:
// "github.com" and "team/models" for git@github.com:team/models.git. Both are empty for a local path.
func address(repository string) (host, path string) {
	u, err := url.Parse(repository)
	if err == nil && u.Host != "" {
		host, path = u.Hostname(), u.Path
		if u.Port() != "" && u.Scheme != "ssh" {
			host += ":" + u.Port()
		}
	} else if before, after, ok := strings.Cut(repository, ":"); ok && !strings.Contains(before, "/") && before != "file" {
		host, path = before[strings.LastIndexByte(before, '@')+1:], after
	}
	if host == "" {
		return "", ""
	}
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	if organization, ok := strings.CutSuffix(host, ".visualstudio.com"); ok {
		host, path = azureDevOpsHost, organization+"/"+path
	}
	if host == "ssh."+azureDevOpsHost { // v3/ORG/PROJECT/NAME
		return azureDevOpsHost, strings.TrimPrefix(path, "v3/")
	}
	if project, name, ok := strings.Cut(path, "/_git/"); ok { // ORG/PROJECT/_git/NAME
		if !strings.Contains(project, "/") { // ORG/_git/NAME, where the project has the same name
			project += "/" + name
		}
		path = project + "/" + name
	}
	return host, path
}

const azureDevOpsHost = "dev.azure.com"
