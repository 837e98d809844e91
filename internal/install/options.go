// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/workspace/imageref"
)

// The names of what is installed.
const (
	// Name is that of the objects, and the default of their namespace.
	Name = "syncer"
	// Credentials is the Secret whose keys are files in CredentialsDir. It may be absent: a public repository needs none.
	Credentials = "syncer-credentials"
	// ConfigFile is the configuration in the pod, a key of the ConfigMap Name.
	ConfigFile = "/etc/syncer/config/syncer.yaml"
	// CredentialsDir is where the configuration finds them.
	CredentialsDir = "/etc/syncer/credentials"
	// Repository is the image of releases, without a tag.
	Repository = "ghcr.io/syncer-dev/syncer"
)

// Ports of the pod.
const (
	HTTPPort    = 8080 // pages and metrics: config.Listen
	WebhookPort = 8081 // webhooks of the forge, if review.webhook.listen says so
)

// Options are what differs between installations.
type Options struct {
	Namespace string // Name if empty
	Image     string // with a tag or a digest
	Replicas  int32  // of which one leads; 2 if 0
	// ClientID is that of the managed identity as which syncer signs in to Azure, by workload identity; "" for none.
	ClientID string
	// Config is the text of the configuration file, and Settings is what it says.
	Config   string
	Settings config.Config
	// NodePools reports that syncer applies NodePools of Karpenter.
	NodePools bool
	// Set are values beside the file, as --set takes them; Settings has them.
	Set []string
}

// complete returns the options with their defaults.
func (o Options) complete() Options {
	o.Namespace, o.Replicas = cmp.Or(o.Namespace, Name), cmp.Or(o.Replicas, 2)
	return o
}

// foreign are namespaces of Kubernetes, in which others run: the level of pods that the installation sets is not for
// them.
var foreign = []string{"default", "kube-node-lease", "kube-public", "kube-system"}

// pinned reports whether a reference that is valid has a tag or a digest.
func pinned(image string) bool {
	return strings.Contains(image, "@") || strings.Contains(image[strings.LastIndex(image, "/")+1:], ":")
}

// Check returns an error for options that a cluster would refuse, or with which it would not run, before they are
// printed.
func (o Options) Check() error {
	o = o.complete()
	switch bad := validation.IsDNS1123Label(o.Namespace); {
	case len(bad) > 0:
		return fmt.Errorf("--namespace: %q is not a name of a namespace: %s", o.Namespace, strings.Join(bad, "; "))
	case slices.Contains(foreign, o.Namespace):
		return fmt.Errorf("--namespace: %s has pods of others; syncer needs a namespace of its own", o.Namespace)
	case slices.Contains(o.Settings.Namespaces, o.Namespace):
		return fmt.Errorf("--namespace: %s is one of the namespaces of Workspaces, whose pods are not of level restricted; "+
			"syncer needs a namespace of its own", o.Namespace)
	case o.Replicas < 1:
		return fmt.Errorf("--replicas: %d pods do not run syncer", o.Replicas)
	case o.Image != "" && imageref.Judge(o.Image) != nil:
		return fmt.Errorf("--image: %q %s", o.Image, imageref.Judge(o.Image).Message)
	case o.Image != "" && !pinned(o.Image):
		return fmt.Errorf("--image: %q has neither a tag nor a digest", o.Image)
	case strings.ContainsFunc(o.ClientID, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("--client-id: %q is not a client ID", o.ClientID)
	}
	return nil
}
