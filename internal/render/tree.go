package render

import (
	"encoding/json"
	"fmt"
	"path"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// tree is a folder of files in memory, by slash-separated path. All that Kustomize gets to see is one tree, so nothing
// that a path or a link can say leads out of it.
type tree map[string][]byte

// add copies the files of o into t, below dir.
func (t tree) add(dir string, o tree) {
	for name, data := range o {
		t[path.Join(dir, name)] = data
	}
}

// addJSON writes v as a file of JSON, which is YAML too. JSON-shaped values always can be.
func (t tree) addJSON(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	t[name] = data
	return nil
}

// fileSystem returns the tree as the file system that Kustomize reads.
func (t tree) fileSystem() (filesys.FileSystem, error) {
	fsys := filesys.MakeFsInMemory()
	for name, data := range t {
		if err := fsys.WriteFile("/"+name, data); err != nil {
			return nil, fmt.Errorf("write %s in memory: %w", name, err)
		}
	}
	return fsys, nil
}
