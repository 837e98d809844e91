// SPDX-License-Identifier: Apache-2.0

package notices

import (
	"fmt"
	"strings"
)

const heading = `Third-party notices
===================

The program syncer is licensed under the Apache License 2.0. It contains code of the modules below, on at least one of
the platforms of a release. Their licences follow, each text once. "make notices" writes this file.

The container image also contains the certificate authorities of Mozilla's list, as golang.org/x/crypto/x509roots has
them, under the Mozilla Public License 2.0: https://www.mozilla.org/MPL/2.0/

`

// Text returns the table of the modules, and below each text with the files that hold it.
func Text(modules []Module) string {
	var out strings.Builder
	out.WriteString(heading)
	path, version := 0, 0
	for _, m := range modules {
		path, version = max(path, len(m.Path)), max(version, len(m.Version))
	}
	var order []string
	holders := map[string][]string{}
	for _, m := range modules {
		fmt.Fprintf(&out, "%-*s  %-*s  %s\n", path, m.Path, version, m.Version, m.License())
		for _, f := range m.Files {
			if holders[f.Text] == nil {
				order = append(order, f.Text)
			}
			holders[f.Text] = append(holders[f.Text], m.Path+": "+f.Name)
		}
	}
	for _, text := range order {
		fmt.Fprintf(&out, "\n%s\n%s\n\n%s", strings.Repeat("=", 120), strings.Join(holders[text], "\n"), text)
	}
	return out.String()
}
