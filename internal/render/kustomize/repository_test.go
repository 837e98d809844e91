// SPDX-License-Identifier: Apache-2.0

package kustomize

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/files"
	"syncer.dev/syncer/internal/golden"
)

// TestRepositories builds folders of repositories: the root, an overlay whose base lies elsewhere, and others. The
// comment of an archive names the folder; "want" is the output, and "notes" are the warnings.
func TestRepositories(t *testing.T) {
	offline(t)
	archives, err := filepath.Glob("testdata/repositories/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal(archives, err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{}
			for _, f := range archive.Files {
				if f.Name != "want" && f.Name != "notes" {
					fsys[f.Name] = &fstest.MapFile{Data: f.Data}
				}
			}
			got, err := BuildFolder(fsys, strings.TrimSpace(string(archive.Comment)))
			if err != nil {
				t.Fatal(err)
			}
			var notes strings.Builder
			for _, n := range got.Notes {
				notes.WriteString(n.String() + "\n")
			}
			for i, f := range archive.Files {
				switch f.Name {
				case "want":
					archive.Files[i].Data = got.Text
				case "notes":
					archive.Files[i].Data = []byte(notes.String())
				}
			}
			golden.Equal(t, name, txtar.Format(archive))
			if len(got.Files) != len(fsys) {
				t.Errorf("read %q, want all %d files", got.Files, len(fsys))
			}
		})
	}
}

// TestNotInTheTree says of a reference what lies there instead of a file.
func TestNotInTheTree(t *testing.T) {
	const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
	for name, test := range map[string]struct{ kustomization, want string }{
		"a link to a file":     {"resources: [link.yaml]", "resources[0]: team/link.yaml is a symbolic link"},
		"a file below a link":  {"resources: [../linked/a.yaml]", "resources[0]: linked is a symbolic link"},
		"a base below a link":  {"resources: [../linked]", "resources[0]: linked is a symbolic link"},
		"a submodule":          {"resources: [../module/base]", "resources[0]: module is a submodule"},
		"a component":          {"components: [../module]", "components[0]: module is a submodule"},
		"a file left out":      {"resources: [secret.yaml]", "resources[0]: team/secret.yaml is ignored by Git"},
		"a pointer as object":  {"resources: [lfs.yaml]", "pointer of Git LFS"},
		"a pointer as data":    {"configMapGenerator: [{name: c, files: [lfs.yaml]}]", "lfs.yaml is a pointer of Git LFS"},
		"above the repository": {"resources: [../../x]", `"../../x" leads out of the repository`},
		"a file that is a link": {
			"configMapGenerator: [{name: c, files: [k=link.yaml]}]", "team/link.yaml: is a symbolic link",
		},
	} {
		fsys := folder(test.kustomization)
		fsys["team/link.yaml"] = &fstest.MapFile{Mode: fs.ModeIrregular, Sys: files.Link}
		fsys["linked"] = &fstest.MapFile{Mode: fs.ModeIrregular, Sys: files.Link}
		fsys["module"] = &fstest.MapFile{Mode: fs.ModeIrregular, Sys: files.Submodule}
		fsys["team/secret.yaml"] = &fstest.MapFile{Mode: fs.ModeIrregular, Sys: files.Ignored}
		fsys["team/lfs.yaml"] = &fstest.MapFile{Data: []byte(pointer)}
		_, err := BuildFolder(fsys, "team")
		if d, ok := diag.As(err); !ok || !strings.Contains(d.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}
