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
	cmd := exec.Command("go", "install", pkg+"@"+version)
	cmd.Dir = tmp
	cmd.Env = append(os.Environ(), "GOBIN="+tmp, "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return binary, os.Rename(filepath.Join(tmp, name), binary)
}

var major = regexp.MustCompile(`/v[0-9]+$`)

// command returns the name of the command of a package, as "go install" chooses it.
func command(pkg string) string { return path.Base(major.ReplaceAllString(pkg, "")) }
