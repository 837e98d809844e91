// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"maps"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"

	"syncer.dev/syncer/internal/diag"
)

// checkClosed refuses a tree in which a kustomization refers to anything outside the tree. It is the second line of
// defence: it decodes kustomizations with Kustomize's own types and decoder, so that a difference between Check's YAML
// parser and Kustomize's cannot open a way out.
func (t Tree) checkClosed() error {
	folders := map[string]bool{".": true}
	for name := range t {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if !IsKustomization(path.Base(name)) {
			continue
		}
		var k types.Kustomization
		if err := k.Unmarshal(t[name]); err != nil {
			return refuse(name, diag.SyntaxError, "Kustomize cannot read it: %v", err)
		}
		if ran := forbiddenField(k); ran != "" {
			return refuse(name, diag.FieldNotAllowed, "is not allowed").On(ran)
		}
		for _, ref := range referencesOf(k) {
			at := path.Join(path.Dir(name), ref)
			_, isFile := t[at]
			if !isFile && !folders[at] || !looksLocal(ref) {
				return refuse(name, diag.PathOutsideRepository, "refers to %q, which is not in the repository", ref)
			}
		}
	}
	return nil
}

// forbiddenField returns a field that makes Kustomize run a program, fetch a URL or read objects differently, or "".
func forbiddenField(k types.Kustomization) string {
	for field, given := range map[string]bool{
		"generators": len(k.Generators) > 0, "transformers": len(k.Transformers) > 0, "validators": len(k.Validators) > 0,
		"configurations": len(k.Configurations) > 0, "crds": len(k.Crds) > 0, "openapi": len(k.OpenAPI) > 0,
		"helmCharts": len(k.HelmCharts) > 0, "helmGlobals": k.HelmGlobals != nil,
		"helmChartInflationGenerator": len(k.HelmChartInflationGenerator) > 0, "secretGenerator": len(k.SecretGenerator) > 0,
	} {
		if given {
			return field
		}
	}
	return ""
}

// referencesOf returns every path of a kustomization that Kustomize opens. It includes deprecated fields, which
// Kustomize still reads.
func referencesOf(k types.Kustomization) []string {
	//lint:ignore SA1019 Kustomize reads this field
	out := slices.Concat(k.Resources, k.Components, k.Bases)
	//lint:ignore SA1019 Kustomize reads this field
	for _, p := range slices.Concat(k.Patches, k.PatchesJson6902) {
		if p.Path != "" {
			out = append(out, p.Path)
		}
	}
	//lint:ignore SA1019 Kustomize reads this field
	for _, p := range k.PatchesStrategicMerge {
		if !strings.Contains(string(p), "\n") {
			out = append(out, string(p))
		}
	}
	for _, r := range k.Replacements {
		if r.Path != "" {
			out = append(out, r.Path)
		}
	}
	for _, g := range k.ConfigMapGenerator {
		for _, file := range g.FileSources {
			if _, named, ok := strings.Cut(file, "="); ok {
				file = named
			}
			out = append(out, file)
		}
		out = append(out, g.EnvSources...)
		if g.EnvSource != "" {
			out = append(out, g.EnvSource)
		}
	}
	return out
}
