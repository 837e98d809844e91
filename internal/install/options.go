// SPDX-License-Identifier: Apache-2.0

package install

import (
	"cmp"

	"syncer.dev/syncer/internal/config"
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
