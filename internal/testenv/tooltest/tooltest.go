// SPDX-License-Identifier: Apache-2.0

// Package tooltest builds stock commands from their Go modules, for tests that compare with them.
//
//	manifests, err := tooltest.Kustomize("../../deploy")
//	manifests, err = tooltest.Helm("template", "syncer", "../../deploy/chart")
package tooltest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
)

var (
	mu    sync.Mutex
	built = map[string]func() (string, error){}
)

// Kustomize returns what the stock command builds from a folder, of the same release as the libraries that package
// render uses.
func Kustomize(dir string) ([]byte, error) {
	return run("sigs.k8s.io/kustomize/kustomize/v5", "v5.8.2", "build", dir)
}

// Helm returns what the stock command prints.
func Helm(args ...string) ([]byte, error) { return run("helm.sh/helm/v4/cmd/helm", "v4.3.1", args...) }

// kubectl is the module of the stock command, of the same release as the devcluster.
const kubectl = "k8s.io/kubectl"

// kubectlMain is what Kubernetes' own main does, without plugins for the sign-in.
const kubectlMain = `package main

import (
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
`

// Kubectl returns the path of the stock command.
func Kubectl() (string, error) { return binaryOf(kubectl, "v0.37.2") }

// run returns the standard output of a command. What it says beside that is an error: it warns about what a later
// version will refuse.
func run(pkg, version string, args ...string) ([]byte, error) {
	binary, err := binaryOf(pkg, version)
	if err != nil {
		return nil, err
	}
	var talk bytes.Buffer
	cmd := exec.Command(binary, args...)
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w\n%s", command(pkg), args, err, talk.String())
	}
	if talk.Len() > 0 {
		return nil, fmt.Errorf("%s %q says: %s", command(pkg), args, talk.String())
	}
	return out, nil
}

// binaryOf returns the path of a command of that version. It builds each once, and keeps it in the user's cache, since
// it never changes.
func binaryOf(pkg, version string) (string, error) {
	mu.Lock()
	once, known := built[pkg+"@"+version]
	if !known {
		once = sync.OnceValues(func() (string, error) { return build(pkg, version) })
		built[pkg+"@"+version] = once
	}
	mu.Unlock()
	return once()
}

func build(pkg, version string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	name := command(pkg)
	dir := filepath.Join(cache, "syncer", name+"-"+version+"-"+runtime.Version())
	binary := filepath.Join(dir, name)
	if _, err := os.Stat(binary); err == nil {
		return binary, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// Build elsewhere first, so that no test runs half a file.
	tmp, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	commands := [][]string{{"go", "install", pkg + "@" + version}}
	if pkg == kubectl { // it is a library: the command is a few lines around it
		if err := os.WriteFile(filepath.Join(tmp, "main.go"), []byte(kubectlMain), 0o600); err != nil {
			return "", err
		}
		commands = [][]string{
			{"go", "mod", "init", "example.com/" + name},
			{"go", "get", pkg + "/pkg/cmd@" + version},
			{"go", "install", "."},
		}
	}
	for _, args := range commands {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = tmp
		cmd.Env = append(os.Environ(), "GOBIN="+tmp, "GOFLAGS=-mod=mod", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %q: %w\n%s", pkg, args, err, out)
		}
	}
	return binary, os.Rename(filepath.Join(tmp, name), binary)
}

var major = regexp.MustCompile(`/v[0-9]+$`)

// command returns the name of the command of a package, as "go install" chooses it.
func command(pkg string) string { return path.Base(major.ReplaceAllString(pkg, "")) }
