// Package watch tells when files change. It watches folders rather than files, because a file that is replaced by renaming
// another over it, or a Kubernetes mount whose ..data link is swapped, is no longer the file that was watched.
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

// Paths sends a signal after something about the given files or folders has changed, and has been quiet for the debounce
// time. Folders are watched with all below them. Several changes may be one signal. The channel is never closed; watching
// ends with ctx.
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

// add watches the folder that a path is in, and, if the path is a folder itself, all folders below it. A path that does not
// exist yet is seen when it appears, as long as its folder exists.
func add(w *fsnotify.Watcher, path string) error {
	if err := w.Add(filepath.Dir(path)); err != nil {
		return err
	}
	return filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone meanwhile, or not there yet
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
				_ = add(w, e.Name) // a folder that is gone again needs no watch
			}
			quiet.Reset(debounce)
		case _, ok := <-w.Errors:
			if !ok {
				return
			}
			quiet.Reset(debounce) // events were lost: better look
		case <-quiet.C:
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}
}

// concerns reports whether an event in one of the watched folders is about one of the paths: the path itself, something below
// it, or a link beside it through which it may be read.
func concerns(name string, paths []string) bool {
	for _, p := range paths {
		if name == p || isBelow(name, p) || filepath.Dir(name) == filepath.Dir(p) && filepath.Base(name) == "..data" {
			return true
		}
	}
	return false
}

func isBelow(name, dir string) bool {
	rel, err := filepath.Rel(dir, name)
	return err == nil && filepath.IsLocal(rel)
}
