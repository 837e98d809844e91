// SPDX-License-Identifier: Apache-2.0

//go:build download && linux

package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// partsSuffix names the folder beside this program with the official kube-apiserver, kube-controller-manager and
// kube-scheduler. devcluster/build makes it.
const partsSuffix = ".parts"

// runAPIServer runs the official kube-apiserver. It cannot hand its listener to another program, so it closes it, and
// the program opens the port of the flags again.
func runAPIServer(ctx context.Context, listener net.Listener, args []string) error {
	if err := listener.Close(); err != nil {
		return err
	}
	return runProgram(ctx, "kube-apiserver", args)
}

// runControllerManager runs the official kube-controller-manager.
func runControllerManager(ctx context.Context, args []string) error {
	return runProgram(ctx, "kube-controller-manager", args)
}

// runScheduler runs the official kube-scheduler.
func runScheduler(ctx context.Context, args []string) error {
	return runProgram(ctx, "kube-scheduler", args)
}

// runProgram runs a program until ctx is done. The program does not outlive this one.
func runProgram(ctx context.Context, name string, args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if self, err = filepath.EvalSymlinks(self); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(self+partsSuffix, name), args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr // the log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	runtime.LockOSThread() // the kernel sends the signal when the thread ends that has started the program
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		return err
	}
	return errors.New("ended without an error")
}
