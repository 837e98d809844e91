// SPDX-License-Identifier: Apache-2.0

package presetfiles

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/derive"
	"syncer.dev/syncer/internal/eject"
	"syncer.dev/syncer/internal/source"
)

// usable checks that syncer can read and render the new preset in every use of the model, beside the existing presets:
// the built-in ones and those in dir.
func usable(ctx context.Context, dir string, r derive.Result) error {
	folder, err := presetsIn(dir)
	if err != nil {
		return err
	}
	mine := path.Join(source.PresetsFolder, "models", r.Name)
	for name, data := range r.Files {
		folder[path.Join(mine, name)] = data
	}
	tree, err := folder.FS()
	if err != nil {
		return err
	}
	in, err := source.NewReader(config.Default()).Read(tree, source.AsRead)
	if err != nil {
		return err
	}
	for _, p := range in.Catalog.Problems() {
		if strings.HasPrefix(p.Path, mine+"/") { // other presets were there before
			return answer.No("%v", p)
		}
	}
	p, ok := in.Catalog.Lookup(r.Name)
	if !ok {
		return fmt.Errorf("the catalogue has no preset %s after it was added", r.Name)
	}
	_, err = eject.Files(ctx, in.Catalog.FS(), in.Renderer, p, eject.Options{})
	return err
}

// maxOwn bounds the number of files that are read of a presets folder; maxOwnSize skips files of more bytes.
const (
	maxOwn     = 20_000
	maxOwnSize = 1 << 20
)

// presetsIn reads a presets folder as part of a repository. A missing folder is empty.
func presetsIn(dir string) (eject.Folder, error) {
	folder := eject.Folder{}
	for _, category := range []string{"base", "components", "models"} {
		err := fs.WalkDir(source.Folder(dir), category, func(name string, e fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil || !e.Type().IsRegular():
				return err
			case len(folder) >= maxOwn:
				return fmt.Errorf("%s holds more than %d files", dir, maxOwn)
			}
			if info, err := e.Info(); err != nil || info.Size() > maxOwnSize {
				return err
			}
			folder[path.Join(source.PresetsFolder, name)], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return folder, nil
}
