// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"syncer.dev/syncer/internal/workspace"
)

// archived is one case of an archive in testdata.
type archived struct {
	name string
	text string // of the file a.yaml
	want string // of the file want; "" without one
}

// archivedCases returns the cases of an archive: each is a folder with the file a.yaml, and the file want if the case
// has a problem.
func archivedCases(t testing.TB, archive string) []archived {
	t.Helper()
	var cases []archived
	for _, f := range parseArchive(t, archive).Files {
		name, file := path.Split(f.Name)
		name = path.Clean(name)
		switch {
		case file == "a.yaml":
			cases = append(cases, archived{name: name, text: string(f.Data)})
		case file == "want" && len(cases) > 0 && cases[len(cases)-1].name == name:
			cases[len(cases)-1].want = strings.TrimSpace(string(f.Data))
		default:
			t.Fatalf("%s: %s is out of place", archive, f.Name)
		}
	}
	return cases
}

// checkArchived validates every case of an archive in the environment that envOf returns for its name. Each case has
// the one problem that it wants, or none.
func checkArchived(t *testing.T, archive string, envOf func(name string) workspace.Env) {
	t.Helper()
	for _, c := range archivedCases(t, archive) {
		t.Run(c.name, func(t *testing.T) {
			_, problems := problemsOf(t, c.text, envOf(c.name))
			if c.want == "" && problems != "" || !strings.Contains(problems, c.want) || strings.Count(problems, "\n") > 1 {
				t.Errorf("want %q, got:\n%s", c.want, problems)
			}
		})
	}
}

// archivedFiles returns the files of an archive in testdata.
func archivedFiles(t testing.TB, archive string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, f := range parseArchive(t, archive).Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return files
}

func parseArchive(t testing.TB, archive string) *txtar.Archive {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", archive))
	if err != nil {
		t.Fatal(err)
	}
	return a
}
