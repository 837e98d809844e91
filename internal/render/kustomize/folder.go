// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"sigs.k8s.io/kustomize/api/resmap"

	"syncer.dev/syncer/internal/diag"
)

// Built is the result of BuildFolder.
type Built struct {
	Text  []byte   // the objects as YAML
	Files []string // every file that the build has read, sorted
	// Notes are warnings about patches and replacements that select no object.
	Notes []diag.Diagnostic
}

// BuildFolder builds a folder of a repository with a kustomization.yaml. Its bases and files may lie anywhere in fsys,
// and what Workspaces refer to keeps its name: see nameReferences.
//
// It reads nothing outside of fsys: no network, no plugins, no host file system. For a field or a path that is not
// allowed, the error is a diag.Diagnostic with its position.
func BuildFolder(fsys fs.FS, dir string) (Built, error) {
	return new(Builder).BuildFolder(fsys, dir)
}

// builds bounds the folders of one repository together, in times the weight of one. By default that is the weight of
// some thousand ordinary folders.
const builds = 8

// Builder builds the folders of one repository. The zero value has built none, within the default limits.
type Builder struct {
	Limits Limits
	weight int
}

// most is the weight of all folders together.
func (b *Builder) most() int { return builds * b.Limits.withDefaults().Weight }

// BuildFolder builds a folder as the function of that name does, and refuses the folder with which all together become
// too much.
func (b *Builder) BuildFolder(fsys fs.FS, dir string) (Built, error) {
	in, err := check(fsys, dir, b.Limits)
	if err != nil {
		return Built{}, err
	}
	if b.weight += in.Weight; b.weight > b.most() {
		return Built{}, refuse(dir, diag.TooLarge, "too much for the builds of one repository (limit: %s)", settingBuild).
			Suggest("use fewer kustomizations, or smaller ones")
	}
	tree, err := in.Files.withNameReferences(dir)
	if err != nil {
		return Built{}, fmt.Errorf("build %s: %w", dir, err)
	}
	ctx := context.Background()
	text, err := build(ctx, tree, dir, anywhere, resmap.ResMap.AsYaml)
	if err != nil {
		return Built{}, fmt.Errorf("build %s: %w", dir, err)
	}
	out := Built{Text: text, Files: slices.Sorted(maps.Keys(in.Files))}
	if in.Selects || in.Fields["replacements"] || in.Fields["patches"] || in.Fields["patchesJson6902"] {
		if b.weight += in.Weight; b.weight <= b.most() { // it takes another build
			out.Notes = unselected(ctx, fsys, in.Files, dir)
		}
	}
	return out, nil
}

// BuildStock builds a folder as the kustomize command does without flags.
func BuildStock(fsys fs.FS, dir string) ([]byte, error) {
	in, err := Check(fsys, dir)
	if err != nil {
		return nil, err
	}
	return BuildYAML(context.Background(), in.Files, dir)
}
