// SPDX-License-Identifier: Apache-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"k8s.io/apimachinery/pkg/types"
)

// Address returns where the process of a pod listens in place of a port of its container, or "".
func (r *Runner) Address(pod types.NamespacedName, port int32) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.runs[pod]; now != nil {
		return now.ports[fmt.Sprint(port)]
	}
	return ""
}

// Log returns the file with what the process of a pod prints, or "".
func (r *Runner) Log(pod types.NamespacedName) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.runs[pod]; now != nil {
		return now.log
	}
	return ""
}

// Command returns a command with the environment and the files of a pod. Its program is that of the image, by its base
// name: there is no other.
func (r *Runner) Command(ctx context.Context, pod types.NamespacedName, args []string) (*exec.Cmd, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.runs[pod]
	if now == nil {
		return nil, fmt.Errorf("pod %s is simulated: it runs no process", pod)
	}
	if len(args) == 0 {
		return nil, errors.New("no command")
	}
	if filepath.Base(args[0]) != filepath.Base(now.cmd.Path) {
		return nil, fmt.Errorf("exec: %q: executable file not found in $PATH", args[0])
	}
	mapped := make([]string, len(args)-1)
	for i, arg := range args[1:] {
		mapped[i] = now.mounts.Replace(arg)
	}
	cmd := exec.CommandContext(ctx, now.cmd.Path, mapped...)
	cmd.Env, cmd.SysProcAttr = now.cmd.Env, dieWithParent()
	return cmd, nil
}
