// SPDX-License-Identifier: Apache-2.0

package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"syncer.dev/syncer/internal/derive"
)

// readLimited reads a file of at most limit bytes.
func readLimited(open func() (fs.File, error), name string, limit int64) (derive.Document, error) {
	file, err := open()
	if err != nil {
		return derive.Document{}, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return derive.Document{}, err
	}
	if int64(len(data)) > limit {
		return derive.Document{}, fmt.Errorf("%s is larger than %d MiB", name, limit>>20)
	}
	return derive.Document{Name: name, Data: data}, nil
}

// ReadModelFiles reads config.json and an index or a list of files.
func ReadModelFiles(configFile, indexFile string, in *derive.Input) error {
	read := func(name string, limit int64) (derive.Document, error) {
		if err := CheckLinks(name); err != nil {
			return derive.Document{}, err
		}
		return readLimited(func() (fs.File, error) { return os.Open(name) }, name, limit)
	}
	var err error
	if in.Config, err = read(configFile, derive.MaxConfig); err != nil {
		return err
	}
	list, err := read(indexFile, derive.MaxIndex)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(bytes.TrimSpace(list.Data), []byte("[")) {
		in.Index = list
		return nil
	}
	if err := json.Unmarshal(list.Data, &in.Files); err != nil {
		return fmt.Errorf("%s: not a list of files with path and size: %w", indexFile, err)
	}
	return nil
}

// lfsPointer matches the file that Git LFS keeps instead of a large file.
var lfsPointer = regexp.MustCompile(`^version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?size (\d+)\n`)

// maxPointer is the size of the largest pointer, in bytes.
const maxPointer = 1024

// maxModelFiles bounds the number of files; no model has as many.
const maxModelFiles = 100_000

// modelTree opens the folder of a model. A download of huggingface_hub consists of links, which are followed; a
// repository may bring links of its author, which are not.
func modelTree(dir string) (fs.FS, error) {
	full, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if topOf(full) == "" {
		return os.DirFS(dir), nil
	}
	return Folder(dir), nil
}

// ReadModelFolder reads a clone or a download of the repository.
func ReadModelFolder(dir string, in *derive.Input) error {
	tree, err := modelTree(dir)
	if err != nil {
		return err
	}
	err = fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && name != "." && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir // .git, .cache
		case e.IsDir():
			return nil
		case len(in.Files) >= maxModelFiles:
			return fmt.Errorf("%s holds more than %d files", dir, maxModelFiles)
		}
		info, err := fs.Stat(tree, name) // follows links, which the cache of huggingface_hub consists of
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		f := derive.File{Path: name}
		if f.Size, err = realSize(tree, name, info.Size()); err == nil && f.Size == info.Size() {
			f.Parameters, err = parametersIn(tree, name)
		}
		in.Files = append(in.Files, f)
		return err
	})
	if err != nil {
		return err
	}
	return readModelConfig(tree, dir, in)
}

// readModelConfig reads the configuration of a model in its folder, and the index of its weights if there is one.
func readModelConfig(tree fs.FS, dir string, in *derive.Input) (err error) {
	for _, name := range []string{"config.json", "params.json"} {
		if in.Config.Data, err = readIn(tree, dir, name, derive.MaxConfig); err == nil {
			in.Config.Name = filepath.Join(dir, name)
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if in.Config.Name == "" {
		return fmt.Errorf("%s holds neither config.json nor params.json", dir)
	}
	const index = "model.safetensors.index.json"
	if in.Index.Data, err = readIn(tree, dir, index, derive.MaxIndex); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	in.Index.Name = filepath.Join(dir, index)
	return nil
}

func readIn(tree fs.FS, dir, name string, limit int64) ([]byte, error) {
	d, err := readLimited(func() (fs.File, error) { return tree.Open(name) }, filepath.Join(dir, name), limit)
	return d.Data, err
}

// realSize returns the size of a file; of a pointer, the size of the file that it replaces.
func realSize(tree fs.FS, name string, size int64) (int64, error) {
	if size > maxPointer || path.Ext(name) != ".safetensors" && path.Ext(name) != ".bin" {
		return size, nil
	}
	data, err := fs.ReadFile(tree, name)
	if err != nil {
		return 0, err
	}
	if m := lfsPointer.FindSubmatch(data); m != nil {
		return strconv.ParseInt(string(m[1]), 10, 64)
	}
	return size, nil
}

// parametersIn counts the parameters in a safetensors file; 0 when it is none.
func parametersIn(tree fs.FS, name string) (int64, error) {
	if path.Ext(name) != ".safetensors" {
		return 0, nil
	}
	file, err := tree.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return derive.Header(name, file)
}
