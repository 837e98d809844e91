// SPDX-License-Identifier: Apache-2.0

// Package version names the release, for people and for the servers that syncer asks.
package version

import "runtime/debug"

// version is the version of a release, which the linker sets. A build from source uses the revision that Go recorded.
var version = ""

// String returns the version of this binary, such as "v0.1.0" or "devel 9be0d11c0ffe".
func String() string {
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

// UserAgent is what HTTP clients of syncer say they are.
func UserAgent() string { return "syncer/" + String() }
