// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/diag"
)

// ForPod returns the configuration that syncer will run with in a cluster, and the text of its file. The environment of
// this command is not that of the pod.
func (s Settings) ForPod() (config.Config, string, error) {
	if !s.Named() {
		no := diag.Errorf(diag.RequiredField, "install needs the configuration that syncer will run with")
		return config.Config{}, "", no.Suggest("name the file with --config")
	}
	_, data, err := s.Here()
	if err != nil {
		return config.Config{}, "", err
	}
	env := s.Env
	s.Env = func(name string) (string, bool) {
		if name != "SYNCER_CONFIG" {
			return "", false
		}
		return env(name)
	}
	c, err := s.Load()
	if err == nil {
		err = c.Need("source.url")
	}
	if err == nil && len(c.Clusters) == 0 {
		err = c.Need("cluster")
	}
	return c, string(data), err
}
