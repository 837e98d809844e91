// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

import "syscall"

// ownGroup lets a program run in a process group of its own: Ctrl-C reaches the demo alone, which ends all programs in
// their order.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
