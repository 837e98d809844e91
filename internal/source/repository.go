// SPDX-License-Identifier: Apache-2.0

package source

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// RepositoryOf returns the Git working tree that a path is in, and the path relative to it.
func RepositoryOf(name string) (root, rel string, err error) {
	full, err := filepath.Abs(name)
	if err == nil {
		full, err = realPath(full)
	}
	if err != nil {
		return "", "", err
	}
	for root = full; ; root = filepath.Dir(root) {
		if Exists(filepath.Join(root, gitFolder)) {
			rel, err = filepath.Rel(root, full)
			return root, filepath.ToSlash(rel), err
		}
		if filepath.Dir(root) == root {
			return "", "", fmt.Errorf("%s is not in a Git repository; use --old", name)
		}
	}
}

// realPath resolves the links in a full path, as far as it exists.
func realPath(full string) (string, error) {
	real, err := filepath.EvalSymlinks(full)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(full) != full {
		dir, err := realPath(filepath.Dir(full))
		return filepath.Join(dir, filepath.Base(full)), err
	}
	return real, err
}
