// SPDX-License-Identifier: Apache-2.0

package adapters

import (
	"syncer.dev/syncer/internal/apply"
	"syncer.dev/syncer/internal/config"
)

// KubeconfigFiles are the files that a kubeconfig may be read from. They need not exist.
func KubeconfigFiles(c config.Config) []string { return apply.KubeconfigFiles(c.Kubeconfig) }
