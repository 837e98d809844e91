// SPDX-License-Identifier: Apache-2.0

package folders_test

import (
	"testing"
	"testing/fstest"

	"syncer.dev/syncer/internal/render/folders"
)

// component is a kustomization of a kind that a catalogue has many of.
func component(fields string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n" + fields)}
}

func labelled(preset, more string) *fstest.MapFile {
	return component("labels:\n- pairs:\n    syncer.dev/preset: " + preset + "\n" + more)
}

// TestTemplates: presets that differ in their names alone have equal templates, and digests of their own.
func TestTemplates(t *testing.T) {
	c := folders.New(fstest.MapFS{
		"models/a/kustomization.yaml": labelled("a", ""),
		"models/b/kustomization.yaml": labelled("b", ""),
		"models/c/kustomization.yaml": labelled("c", "    team: x\n"),
	})
	for _, dir := range []string{"models/a", "models/b", "models/c"} {
		if err := c.Of(dir).Err; err != nil {
			t.Fatal(err)
		}
	}
	if c.Of("models/a").TemplateDigest != c.Of("models/b").TemplateDigest {
		t.Error("two presets that differ in their names alone have different templates")
	}
	if c.Of("models/a").TemplateDigest == c.Of("models/c").TemplateDigest {
		t.Error("a preset with another label has the same template")
	}
	a, err := c.Digest([]string{"models/a"})
	if err != nil {
		t.Fatal(err)
	}
	if b, err := c.Digest([]string{"models/b"}); err != nil || a == b {
		t.Errorf("digests %s and %s, %v", a, b, err)
	}
}

// TestWords: tokens may stand for the texts of a Workspace unless a folder makes names out of others. A folder that
// fails its check has no digest.
func TestWords(t *testing.T) {
	c := folders.New(fstest.MapFS{
		"plain/kustomization.yaml":                component("labels:\n- pairs: {team: x}\n"),
		"prefix/kustomization.yaml":               component("namePrefix: x-\n"),
		folders.ImagesDir + "/kustomization.yaml": component("images:\n- {name: a, newTag: '1'}\n"),
	})
	set := c.Set([]string{"plain", folders.ImagesDir})
	if !set.Cacheable || len(set.Words) != 2 || !set.Words[0]["team"] {
		t.Errorf("%v, %t", set.Words, set.Cacheable)
	}
	if c.Set([]string{"plain", "prefix"}).Cacheable {
		t.Error("a prefix joins two names, and tokens may stand for them")
	}
	if images := c.Of(folders.ImagesDir).Images; len(images) != 1 {
		t.Errorf("images %v", images)
	}
	if images := c.Of("plain").Images; images != nil {
		t.Errorf("images %v of a folder with other fields", images)
	}
	if _, err := c.Digest([]string{"plain", "none"}); err == nil {
		t.Error("a folder that is not there has a digest")
	}
}
