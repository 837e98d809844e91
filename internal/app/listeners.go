// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	"syncer.dev/syncer/internal/app/telling"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/notify"
	"syncer.dev/syncer/internal/status/transitions"
)

// listeners connects what wants to hear of the passes of a member: the log, and of a process that stays also receivers
// of notifications and Kubernetes Events, which take longer than a pass.
func (m *member) listeners(log *slog.Logger, stays bool) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	log = log.With("cluster", m.config.Cluster)
	var notifier telling.Notifier
	if n := m.config.Notify; stays && (n.URLsFile != "" || n.URLsEnv != "") {
		least, _ := transitions.SeverityOf(n.Severity) // the check of the configuration has read it
		m.notify = notify.New(notify.Options{
			Cluster: m.config.Cluster,
			URLs:    func() ([]string, error) { return receivers(n) },
			Filter: notify.Filter{
				Least: least, Workspaces: n.Workspaces, Reasons: n.Reasons, Recovered: n.Recovered,
			},
			Quiet: n.Quiet,
			Log:   log,
		})
		notifier = m.notify
		if urls, err := receivers(n); err != nil {
			log.Error("notifications cannot be sent", "error", err)
		} else if err := notify.Check(urls); err != nil {
			log.Error("notifications cannot be sent to all receivers", "error", err)
		}
	}
	var emitter telling.Emitter
	if stays && m.config.KubernetesEvents {
		emitter = m.parts.Cluster.Emitter()
	}
	m.teller = telling.New(log, notifier, emitter)
}

// receivers reads the URLs of receivers. They are secrets.
func receivers(n config.Notify) ([]string, error) {
	if n.URLsEnv != "" {
		text, given := os.LookupEnv(n.URLsEnv)
		if !given {
			return nil, fmt.Errorf("the environment variable %s is not set (configuration: notify.urlsEnv)", n.URLsEnv)
		}
		return strings.Fields(text), nil
	}
	data, err := os.ReadFile(n.URLsFile)
	if err != nil {
		return nil, fmt.Errorf("read the receivers (configuration: notify.urlsFile): %w", err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out, nil
}
