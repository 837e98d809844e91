// SPDX-License-Identifier: Apache-2.0

package app

import (
	"log/slog"

	"syncer.dev/syncer/internal/apply/librarylog"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/logging"
)

// Logs returns the log of a process, and what applies the configuration to it. The libraries for Kubernetes log there
// as well, from the first call in a process on.
func Logs(h *logging.Handler) (*slog.Logger, func(config.Config)) {
	librarylog.Set(logging.Library(h, "kubernetes"))
	return slog.New(h), func(c config.Config) {
		if level, err := logging.Level(c.Log.Level); err == nil { // the check of the configuration has read it
			h.Configure(logging.Format(c.Log.Format), level)
		}
	}
}
