// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// keepRunning prints what the user can do now, and returns when a signal ends the demo.
func (d *demo) keepRunning(ctx context.Context) error {
	d.stopDaemon() // it may follow the forge
	if err := d.startDaemon(); err != nil {
		return err
	}
	file := filepath.Join(d.dir, "env")
	if err := os.WriteFile(file, d.exports(), 0o600); err != nil {
		return err
	}
	fmt.Printf(`    It runs until Ctrl-C. To play with it, in another terminal:

    . %s
    cd %s

    syncer status                      # the Workspaces, as the status branch says
    syncer tree workspace-falcon       # one of them, with its objects
    syncer plan                        # what would change now: nothing
    syncer new chat --preset phi-4 && mv chat.yaml workspaces/
    git add -A && git commit -m "Serve phi-4" && git push    # below you see what follows
    syncer status --watch
    git log -p origin/%s
`, file, d.work(), statusBranch)
	if _, err := exec.LookPath("kubectl"); err == nil {
		fmt.Println("    kubectl get statefulsets,jobs,pods,nodes --all-namespaces")
	}
	fmt.Println()
	<-ctx.Done()
	return nil
}

// exports returns a file for a shell with the variables of the demo's syncer, and the PATH to it.
func (d *demo) exports() []byte {
	var b strings.Builder
	for _, v := range slices.Compact(slices.Sorted(slices.Values(d.env))) {
		name, value, _ := strings.Cut(v, "=")
		if name == "KUBECONFIG" && value == os.DevNull {
			continue
		}
		if strings.HasPrefix(name, "SYNCER_") || strings.HasPrefix(name, "GIT_") || name == "KUBECONFIG" {
			fmt.Fprintf(&b, "export %s=%s\n", name, quote(value))
		}
	}
	fmt.Fprintf(&b, "export PATH=%s:\"$PATH\"\n", quote(filepath.Join(d.root, "bin")))
	return []byte(b.String())
}

// quote writes a text as one word of a shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
