// SPDX-License-Identifier: Apache-2.0

package image

import (
	"fmt"
	"maps"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	// User is the user and the group that the image runs as. The name nonroot means the same number in other images.
	User = 65532
	// Binary is the path of the program.
	Binary = "/syncer"
	// Source is where the sources are.
	Source = "https://github.com/syncer-dev/syncer"
)

// Release is what all platforms have in common.
type Release struct {
	Version  string    // such as v0.1.0
	Revision string    // commit of the sources
	Created  time.Time // of the commit, to the second
	License  []byte    // text of our own licence
	Notices  []byte    // texts of the licences of others
}

// Platform is one platform of the image.
type Platform struct {
	OS, Arch string
	Binary   []byte // static
	SBOM     []byte // SPDX 2.3 as JSON
}

// labels are the annotations of OCI, of which registries and scanners show some.
func (r Release) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":         "syncer",
		"org.opencontainers.image.description":   "Keeps a Kubernetes cluster equal to a Git repository of AI workspaces",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.source":        Source,
		"org.opencontainers.image.documentation": Source + "/tree/" + r.Version + "/docs",
		"org.opencontainers.image.version":       r.Version,
		"org.opencontainers.image.revision":      r.Revision,
		"org.opencontainers.image.created":       r.Created.UTC().Format(time.RFC3339),
	}
}

// Index returns the image of all platforms.
func Index(r Release, platforms []Platform) (v1.ImageIndex, error) {
	// The annotations come first: above the images, they would hide them.
	index := mutate.Annotations(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), r.labels()).(v1.ImageIndex)
	for _, p := range platforms {
		img, err := one(r, p)
		if err != nil {
			return nil, fmt.Errorf("make the image of %s/%s: %w", p.OS, p.Arch, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        img,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: p.OS, Architecture: p.Arch}},
		})
	}
	_, err := index.IndexManifest() // computes it: until then, the index does not find its images
	return index, err
}

// one returns the image of one platform.
func one(r Release, p Platform) (v1.Image, error) {
	created := r.Created.UTC().Truncate(time.Second)
	under, err := layer(system(r.License, r.Notices), created)
	if err != nil {
		return nil, err
	}
	over, err := layer([]file{{name: Binary[1:], mode: 0o755, data: p.Binary}}, created)
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.ConfigFile(img, &v1.ConfigFile{
		OS:           p.OS,
		Architecture: p.Arch,
		Created:      v1.Time{Time: created},
		Config: v1.Config{
			User:         fmt.Sprintf("%d:%d", User, User),
			Entrypoint:   []string{Binary},
			WorkingDir:   "/",
			Env:          []string{"PATH=/"},
			ExposedPorts: map[string]struct{}{"8080/tcp": {}, "8081/tcp": {}},
			Labels:       r.labels(),
		},
		RootFS: v1.RootFS{Type: "layers"},
	})
	if err != nil {
		return nil, err
	}
	add := func(l v1.Layer, by string) mutate.Addendum {
		return mutate.Addendum{Layer: l, History: v1.History{Created: v1.Time{Time: created}, CreatedBy: by}}
	}
	img, err = mutate.Append(img, add(under, "certificate authorities, user, licences"), add(over, "syncer "+r.Version))
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(img, maps.Clone(r.labels())).(v1.Image), nil
}
