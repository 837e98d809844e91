// SPDX-License-Identifier: Apache-2.0

package presetfiles

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"syncer.dev/syncer/internal/cli/answer"
)

// write writes files below a folder. Without force it compares all existing files before it writes the first one,
// and refuses to change any. It writes no file outside of the folder, even where links in it point elsewhere.
func write(dir string, files map[string][]byte, force bool) error {
	names := slices.Sorted(maps.Keys(files))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range names {
		old, err := root.ReadFile(filepath.FromSlash(name))
		switch {
		case errors.Is(err, os.ErrNotExist), force, err == nil && string(old) == string(files[name]):
		case err != nil:
			return err
		default:
			return answer.No(
				"%s exists with other content; --force overwrites it",
				filepath.Join(dir, filepath.FromSlash(name)),
			)
		}
	}
	for _, name := range names {
		file := filepath.FromSlash(name)
		if err := root.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(file, files[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}
