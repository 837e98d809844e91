// SPDX-License-Identifier: Apache-2.0

package imageref

import (
	"regexp"
	"strings"
)

// privateRegistries are the hosts of registries that ask for credentials unless their owner has opened them: those of
// Azure (in its clouds), AWS, Google, GitLab and Red Hat.
var privateRegistries = regexp.MustCompile(
	`^([a-z0-9-]+\.)+azurecr\.(io|cn|us)$|^[0-9]+\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$|` +
		`^([a-z0-9-]+-docker\.)pkg\.dev$|^([a-z]+\.)?gcr\.io$|^registry\.gitlab\.com$|^registry\.redhat\.io$`,
)

// Private reports whether a reference names a registry that is private by its name, and returns its host in lower case.
func Private(ref string) (host string, private bool) {
	host, _, qualified := strings.Cut(strings.ToLower(ref), "/")
	return host, qualified && privateRegistries.MatchString(host)
}
