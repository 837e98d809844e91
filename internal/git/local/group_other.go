// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package local

import "os/exec"

// ownGroup does nothing where there are no groups of processes.
func ownGroup(*exec.Cmd) {}

// signalGroup kills the process: there is no other way to ask here.
func signalGroup(cmd *exec.Cmd, _ bool) { _ = cmd.Process.Kill() }
