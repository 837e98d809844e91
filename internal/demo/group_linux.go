// SPDX-License-Identifier: Apache-2.0

package main

import "syscall"

// ownGroup lets a program run in a process group of its own: Ctrl-C reaches the demo alone, which ends all programs in
// their order. A program does not outlive a demo that is killed.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
