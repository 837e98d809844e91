// SPDX-License-Identifier: Apache-2.0

package app

import "runtime/debug"

// version is the version of a release, which the linker sets. A build from source uses the revision that Go recorded.
var version = ""

// Version returns the version of this binary, such as "v0.1.0" or "devel 9be0d11c0ffe".
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel " + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}

func userAgent() string { return "syncer/" + Version() }
