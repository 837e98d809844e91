// SPDX-License-Identifier: Apache-2.0

package process

import "syscall"

// dieWithParent makes the kernel kill the process when this one dies.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
