// SPDX-License-Identifier: Apache-2.0

// Package settings finds the configuration of a command: the file of the repository or the one that the user names, the
// environment, --set and the flags of single values. It knows no library for command lines. Cobra fills in Settings:
//
//	s := settings.Settings{Set: []string{"cluster=demo"}, Env: os.LookupEnv}
//	c, err := s.Load()                          // for commands that need a configuration
//	reader, err := s.Offline([]string{"a.yaml"}) // for commands that work without one
package settings
