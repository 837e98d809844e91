// SPDX-License-Identifier: Apache-2.0

package eject

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/render"
	"syncer.dev/syncer/internal/render/kustomize"
	"syncer.dev/syncer/internal/workspace"
)

// Options are the nodes that the examples are for.
type Options struct {
	GPUs  int // of each node; 0 is 1
	Nodes int // 0 is 1
}

// Renderer renders the objects of a Workspace. *render.Renderer is one.
type Renderer interface {
	Render(
		ctx context.Context,
		w *workspace.Workspace,
		p preset.Preset,
		at render.Placement,
		o render.Options,
	) (render.Bundle, error)
}

// Folder is files by slash-separated path.
type Folder map[string][]byte

// examplesDir is the folder of the kustomizations of tasks. It is no category of a presets folder: package preset
// ignores it if the whole folder is the presets folder of a repository.
const examplesDir = "examples"

// Files returns the folder of a preset. files is the tree that the preset is part of.
func Files(ctx context.Context, files fs.FS, r Renderer, p preset.Preset, o Options) (Folder, error) {
	if p.Deprecated != "" {
		return nil, fmt.Errorf("preset %s can no longer be used: %s", p.Name, p.Deprecated)
	}
	out := Folder{}
	if err := out.copyFolder(files, "models/"+p.Name); err != nil {
		return nil, err
	}
	todo := tasks(p, o)
	for _, t := range todo {
		for _, dir := range t.folders() {
			if err := out.copyFolder(files, dir); err != nil {
				return nil, err
			}
		}
	}
	for _, t := range todo {
		bundle, err := r.Render(ctx, t.workspace, p, t.placement, render.Options{Cluster: "example"})
		if err != nil {
			return nil, err
		}
		if err := out.addTask(t, bundle.Objects); err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
	}
	out["README.md"] = readme(p, todo)
	return out, nil
}

// addTask adds the kustomization of a task, which builds the given objects.
func (f Folder) addTask(t task, objects []*unstructured.Unstructured) error {
	dir := t.dir()
	whole := maps.Clone(f)
	whole[path.Join(dir, "kustomization.yaml")] = t.kustomization(nil)
	tree, err := whole.FS()
	if err != nil {
		return err
	}
	text, err := kustomize.BuildStock(tree, dir)
	if err != nil {
		return err
	}
	bare, err := objectsOf(text)
	if err != nil {
		return err
	}
	var patches []patch
	for _, o := range objects {
		after, err := t.plain(o)
		if err != nil {
			return err
		}
		before, ok := bare[keyOf(after)]
		if !ok && t.shared != "" && o.GetKind() == "ConfigMap" {
			continue // shared, and without a patch
		}
		if !ok {
			return fmt.Errorf("%s %s is in no folder of the preset", o.GetKind(), o.GetName())
		}
		change := difference(before, after)
		if len(change) == 0 {
			continue
		}
		p := patch{kind: o.GetKind(), name: t.originalName(o)}
		p.file = fileName(p.kind, p.name)
		change["apiVersion"], change["kind"], change["metadata"] = o.GetAPIVersion(), p.kind, withName(
			change["metadata"],
			p.name,
		)
		if f[path.Join(dir, p.file)], err = yaml.Marshal(change); err != nil {
			return err
		}
		patches = append(patches, p)
	}
	f[path.Join(dir, "kustomization.yaml")] = t.kustomization(patches)
	if t.shared != "" {
		f[path.Join(examplesDir, t.name, "kustomization.yaml")] = t.together()
	}
	return nil
}

// FS returns the folder as a file system: an archive in memory.
func (f Folder) FS() (fs.FS, error) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		file, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(f[name]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
}

// copyFolder adds a folder of the tree with all its files, and the folders that its kustomization refers to. The
// renderer has checked that it refers to nothing else.
func (f Folder) copyFolder(files fs.FS, dir string) error {
	if f[path.Join(dir, "kustomization.yaml")] != nil {
		return nil
	}
	err := fs.WalkDir(files, dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if !e.Type().IsRegular() {
			return fmt.Errorf("%s is not a regular file", name)
		}
		f[name], err = fs.ReadFile(files, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("copy %s: %w", dir, err)
	}
	var k struct{ Resources, Components []string }
	if err := yaml.Unmarshal(f[path.Join(dir, "kustomization.yaml")], &k); err != nil {
		return fmt.Errorf("copy %s: %w", dir, err)
	}
	for _, ref := range append(k.Resources, k.Components...) {
		to := path.Join(dir, ref)
		if info, err := fs.Stat(files, to); err == nil && info.IsDir() {
			if err := f.copyFolder(files, to); err != nil {
				return err
			}
		}
	}
	return nil
}
