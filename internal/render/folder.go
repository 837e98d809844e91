package render

import (
	"context"
	"fmt"
	"io/fs"

	"sigs.k8s.io/kustomize/api/resmap"
)

// BuildFolder builds a folder with a kustomization.yaml and returns the objects as YAML. It has the signature that
// workspace.Load asks for.
//
// Nothing outside of fsys is read: no network, no plugins, no host file system. A *Refusal says what was asked for that
// is not allowed, and where.
func BuildFolder(fsys fs.FS, dir string) ([]byte, error) {
	in, err := gate(fsys, dir)
	if err != nil {
		return nil, err
	}
	text, err := build(context.Background(), in.files, dir, resmap.ResMap.AsYaml)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", dir, err)
	}
	return text, nil
}
