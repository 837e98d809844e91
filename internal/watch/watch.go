// SPDX-License-Identifier: Apache-2.0

// Package watch reports changes of files. It watches folders and not files: a rename over the file, or a new ..data
// link of a Kubernetes mount, ends the watch of the file itself.
package watch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Paths sends a signal after files or folders have changed, and then stayed unchanged for the debounce time. It watches
// folders with everything below them. Several changes may cause one signal. Paths never closes the channel; it stops
// watching when ctx ends.
func Paths(ctx context.Context, debounce time.Duration, paths ...string) (<-chan struct{}, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		if err := add(w, p); err != nil {
			return nil, errors.Join(err, w.Close())
		}
	}
	out := make(chan struct{}, 1)
	go run(ctx, w, debounce, paths, out)
	return out, nil
}

// add watches the folder of a path, and, if the path is a folder itself, all folders below it. If the path does not
// exist, the watch of its folder reports its creation.
func add(w *fsnotify.Watcher, path string) error {
	if err := w.Add(filepath.Dir(path)); err != nil {
		return err
	}
	return filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // deleted meanwhile, or not created yet
			return nil
		case err != nil:
			return err
		case d.IsDir():
			return w.Add(p)
		}
		return nil
	})
}

func run(ctx context.Context, w *fsnotify.Watcher, debounce time.Duration, paths []string, out chan<- struct{}) {
	defer w.Close()
	quiet := time.NewTimer(debounce)
	quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			if e.Op == fsnotify.Chmod || !concerns(e.Name, paths) {
				continue
			}
			if info, err := os.Stat(e.Name); err == nil && info.IsDir() && e.Has(fsnotify.Create) {
				_ = add(w, e.Name) // a deleted folder needs no watch
			}
			quiet.Reset(debounce)
		case _, ok := <-w.Errors:
			if !ok {
				return
			}
			quiet.Reset(debounce) // the watcher lost events, so any file may have changed
		case <-quiet.C:
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}
}

// concerns reports whether an event affects one of the paths: the path itself, a file below it, or the ..data link
// beside it. A lock below it does not: Git writes a new file as NAME.lock, and renames it when it is whole.
func concerns(name string, paths []string) bool {
	for _, p := range paths {
		below := isBelow(name, p) && filepath.Ext(name) != ".lock"
		if name == p || below || filepath.Dir(name) == filepath.Dir(p) && filepath.Base(name) == "..data" {
			return true
		}
	}
	return false
}

func isBelow(name, dir string) bool {
	rel, err := filepath.Rel(dir, name)
	return err == nil && filepath.IsLocal(rel)
}
