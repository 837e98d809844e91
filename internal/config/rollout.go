// SPDX-License-Identifier: Apache-2.0

package config

import (
	"regexp"

	"go.yaml.in/yaml/v3"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/strictyaml"
)

// Rollout says how a change reaches many Workspaces.
type Rollout struct {
	MaxInterrupted string `yaml:"maxInterrupted" number:"too" usage:"servers that restart at once: 1, 10%, or off"`
}

// unquoted lets a file say maxInterrupted: 1 without quotes, where text is expected.
func unquoted(file *yaml.Node) {
	n := strictyaml.Field(strictyaml.Field(file, "rollout"), "maxInterrupted")
	if n != nil && n.Kind == yaml.ScalarNode && n.ShortTag() == "!!int" {
		n.Tag = "!!str"
	}
}

// countForm is a whole number without a sign; "off" is 0.
var countForm = regexp.MustCompile(`^(off|0|[1-9][0-9]{0,8})$`)

// rollout checks the values below rollout.
func (c *check) rollout() {
	if text := c.Rollout.MaxInterrupted; !countForm.MatchString(text) && !percentForm.MatchString(text) {
		c.fail(diag.InvalidValue, "rollout.maxInterrupted",
			"write a number such as 1, a part of those that serve such as 10%, or off", "%q is not valid", text)
	}
}
