package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/derive"
	"syncer.dev/syncer/internal/eject"
)

// usable makes sure that what was worked out can be read and rendered, for all that can be done with the model, beside the presets that
// there are already: the built-in ones and those in dir.
func usable(ctx context.Context, dir string, r derive.Result) error {
	folder, err := presetsIn(dir)
	if err != nil {
		return err
	}
	mine := path.Join(presetsFolder, "models", r.Name)
	for name, data := range r.Files {
		folder[path.Join(mine, name)] = data
	}
	tree, err := folder.FS()
	if err != nil {
		return err
	}
	in, err := newReader(config.Default()).read(tree)
	if err != nil {
		return err
	}
	for _, p := range in.Catalog.Problems() {
		if strings.HasPrefix(p.Path, mine+"/") { // others are not of this command's making
			return no("%v", p)
		}
	}
	p, ok := in.Catalog.Lookup(r.Name)
	if !ok {
		return fmt.Errorf("%s cannot be found in the catalogue", r.Name)
	}
	_, err = eject.Files(ctx, in.Catalog.FS(), in.Renderer, p, eject.Options{})
	return err
}

// maxOwn bounds the files of a presets folder that are looked at, and the size of each, in bytes.
const (
	maxOwn     = 20_000
	maxOwnSize = 1 << 20
)

// presetsIn reads a presets folder, as it would be in a repository. One that is not there is empty.
func presetsIn(dir string) (eject.Folder, error) {
	folder := eject.Folder{}
	for _, category := range []string{"base", "components", "models"} {
		err := fs.WalkDir(os.DirFS(dir), category, func(name string, e fs.DirEntry, err error) error {
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
			folder[path.Join(presetsFolder, name)], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return folder, nil
}
