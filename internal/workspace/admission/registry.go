// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"regexp"
	"strings"

	"syncer.dev/syncer/internal/diag"
)

// privateRegistries are the hosts of registries that ask for credentials unless their owner has opened them: those of
// Azure (in its clouds), AWS, Google, GitLab and Red Hat.
var privateRegistries = regexp.MustCompile(
	`^([a-z0-9-]+\.)+azurecr\.(io|cn|us)$|^[0-9]+\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$|` +
		`^([a-z0-9-]+-docker\.)pkg\.dev$|^([a-z]+\.)?gcr\.io$|^registry\.gitlab\.com$|^registry\.redhat\.io$`,
)

// private warns about an image in a registry that is private by its name, which a program in the pod pulls without
// credentials: the rights of the node are those of the kubelet alone.
func (c *check) private(field, image string, secrets []string) {
	host, _, qualified := strings.Cut(strings.ToLower(image), "/")
	if !qualified || len(secrets) > 0 || !privateRegistries.MatchString(host) {
		return
	}
	c.warn(diag.PullSecretMissing, field+".image",
		host+" is private unless its owner has opened it, and a program in the pod pulls the image without credentials",
		"name a Secret in imagePullSecrets; that the cluster is attached to the registry does not help here")
}
