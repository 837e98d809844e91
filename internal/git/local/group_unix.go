// SPDX-License-Identifier: Apache-2.0

//go:build unix

package local

import (
	"os/exec"
	"syscall"
)

// ownGroup makes a command the leader of a group that its hooks and helpers belong to.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// signalGroup asks a group to stop, or kills it.
func signalGroup(cmd *exec.Cmd, kill bool) {
	signal := syscall.SIGTERM
	if kill {
		signal = syscall.SIGKILL
	}
	_ = syscall.Kill(-cmd.Process.Pid, signal) // fails if it has ended
}
