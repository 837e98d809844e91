// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// SBOMType is the media type of an SBOM in SPDX.
const SBOMType = types.MediaType("application/spdx+json")

// Push writes the image to a registry, with the credentials of Docker's configuration, and attaches the SBOM of each
// platform as a referrer of its image. It returns the reference with the digest.
func Push(ctx context.Context, ref string, index v1.ImageIndex, platforms []Platform) (string, error) {
	at, err := name.ParseReference(ref)
	if err != nil {
		return "", err
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	if err := remote.WriteIndex(at, index, options...); err != nil {
		return "", fmt.Errorf("push %s: %w", ref, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return "", err
	}
	for i, p := range platforms {
		attached, err := attachment(manifest.Manifests[i], p)
		if err != nil {
			return "", err
		}
		digest, err := attached.Digest()
		if err != nil {
			return "", err
		}
		if err := remote.Write(at.Context().Digest(digest.String()), attached, options...); err != nil {
			return "", fmt.Errorf("push the SBOM of %s/%s: %w", p.OS, p.Arch, err)
		}
	}
	digest, err := index.Digest()
	if err != nil {
		return "", err
	}
	return at.Context().Digest(digest.String()).String(), nil
}

// attachment returns the SBOM of a platform as an artifact of OCI whose subject is the image.
func attachment(of v1.Descriptor, p Platform) (v1.Image, error) {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), SBOMType)
	img, err := mutate.AppendLayers(img, static.NewLayer(p.SBOM, SBOMType))
	if err != nil {
		return nil, err
	}
	of.Platform = nil
	return mutate.Subject(img, of).(v1.Image), nil
}

// Save writes the image as an OCI archive, which "docker load", podman, skopeo and crane read.
func Save(path string, index v1.ImageIndex) (err error) {
	dir, err := os.MkdirTemp("", "syncer-image-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	if err := to.AppendIndex(index); err != nil {
		return fmt.Errorf("write the image: %w", err)
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(archive(out, os.DirFS(dir)), out.Close())
}

// archive writes the files in the order of their names, without times and owners.
func archive(out io.Writer, dir fs.FS) error {
	w := tar.NewWriter(out)
	err := fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		h := &tar.Header{Name: filepath.ToSlash(path), ModTime: time.Unix(0, 0).UTC(), Mode: 0o644, Typeflag: tar.TypeReg}
		if d.IsDir() {
			h.Name, h.Mode, h.Typeflag = h.Name+"/", 0o755, tar.TypeDir
			return w.WriteHeader(h)
		}
		data, err := fs.ReadFile(dir, path)
		if err != nil {
			return err
		}
		h.Size = int64(len(data))
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	return errors.Join(err, w.Close())
}
