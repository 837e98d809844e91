// SPDX-License-Identifier: Apache-2.0

package create

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/cli/scaffold"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/desired"
	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/source"
	"syncer.dev/syncer/internal/workspace"
	"syncer.dev/syncer/internal/workspace/load"
	"syncer.dev/syncer/presets"
)

// Text returns the text of the file of a Workspace. dir is the presets folder of the repository, or "".
func Text(w scaffold.Workspace, dir string) (string, error) {
	layers := []fs.FS{presets.FS}
	if dir != "" {
		layers = append(layers, source.Folder(dir))
	}
	catalog, err := preset.Load(layers...)
	if err != nil {
		return "", err
	}
	p, _ := catalog.Lookup(w.Preset)
	return w.YAML(p), nil
}

// Check runs the checks of "syncer validate" on a text, without the policy of the configuration, and returns the
// problems. dir is the presets folder of the repository, or "".
func Check(ctx context.Context, text, dir string) (diag.List, error) {
	c := config.Default()
	c.Cluster, c.Capacity.AKS.Location = "example", source.DefaultRegion
	in, err := desired.Read(
		source.WithPresetsIn(dir, source.TextFile{Data: []byte(text)}),
		presets.FS,
		load.Options{},
		workspace.Env{},
		nil,
	)
	if err != nil {
		return nil, err
	}
	d, err := desired.Desire(ctx, in.Set, in.Catalog, in.Renderer, source.PolicyOf(c), desired.Observed{})
	return d.Problems, err
}

// Write creates the file, with a line for editors before the text. It overwrites none.
func Write(name, text string) error {
	text = modeline(name) + text
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return answer.No("%s exists, and is not overwritten", name)
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// modeline returns the first line of a file in a repository with a schema for editors, such as the example repository;
// "" elsewhere.
func modeline(file string) string {
	const schema = ".schema/syncer.json"
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return ""
	}
	for up := schema; ; up = "../" + up {
		switch {
		case source.Exists(filepath.Join(dir, schema)):
			return "# yaml-language-server: $schema=" + up + "\n"
		case source.Exists(filepath.Join(dir, ".git")) || filepath.Dir(dir) == dir:
			return ""
		}
		dir = filepath.Dir(dir)
	}
}
