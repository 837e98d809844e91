package render

import (
	"context"
	"fmt"
	"io/fs"
	"time"
)

// buildTimeout bounds one build of a user's folder. The largest that passes the gate takes a small part of it.
const buildTimeout = 30 * time.Second

// BuildFolder builds a folder with a kustomization.yaml and returns the objects as YAML. It has the signature that
// workspace.Load asks for.
//
// Nothing outside of fsys is read: no network, no plugins, no host file system. A *Refusal says what was asked for that
// is not allowed, and where.
func BuildFolder(fsys fs.FS, dir string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	in, err := gate(fsys, dir)
	if err != nil {
		return nil, err
	}
	objects, err := build(ctx, in.files, dir)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", dir, err)
	}
	text, err := objects.AsYaml()
	if err != nil {
		return nil, fmt.Errorf("encode what %s builds: %w", dir, err)
	}
	return text, nil
}
