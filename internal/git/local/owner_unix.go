// SPDX-License-Identifier: Apache-2.0

//go:build unix

package local

import (
	"os"
	"syscall"
)

// isOurs reports whether a file belongs to the user of this process: git refuses others.
func isOurs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
