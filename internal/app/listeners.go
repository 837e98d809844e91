// SPDX-License-Identifier: Apache-2.0

package app

import (
	"log/slog"

	"syncer.dev/syncer/internal/app/telling"
)

// listeners connects what wants to hear of the passes of a member.
func (m *member) listeners(log *slog.Logger) {
	var emitter telling.Emitter
	if m.config.KubernetesEvents {
		emitter = m.parts.Cluster
	}
	m.teller = telling.New(log, nil, emitter)
}
