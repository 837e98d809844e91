// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package process

import "syscall"

// dieWithParent does nothing here: Close kills the processes, unless this one is killed itself.
func dieWithParent() *syscall.SysProcAttr { return nil }
