// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"syncer.dev/syncer/internal/release/image"
)

var (
	release = image.Release{
		Version:  "v0.1.0",
		Revision: "9be0d11c0ffee9be0d11c0ffee9be0d11c0ffee0",
		Created:  time.Date(2026, 6, 18, 12, 0, 0, 0, time.UTC),
		License:  []byte("ours\n"),
		Notices:  []byte("theirs\n"),
	}
	platforms = []image.Platform{
		{OS: "linux", Arch: "amd64", Binary: []byte("amd64"), SBOM: []byte(`{"name":"amd64"}`)},
		{OS: "linux", Arch: "arm64", Binary: []byte("arm64"), SBOM: []byte(`{"name":"arm64"}`)},
	}
)

func index(t *testing.T) v1.ImageIndex {
	t.Helper()
	out, err := image.Index(release, platforms)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// server starts a registry and returns its address.
func server(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func mustParse(t *testing.T, ref string) name.Reference {
	t.Helper()
	out, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPush reads everything back as a container runtime does.
func TestPush(t *testing.T) {
	ref := server(t) + "/team/syncer:v0.1.0"
	pushed, err := image.Push(t.Context(), ref, index(t), platforms)
	if err != nil {
		t.Fatal(err)
	}
	list, err := remote.Index(mustParse(t, ref))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := list.IndexManifest(); err != nil || m.Annotations["org.opencontainers.image.version"] != "v0.1.0" {
		t.Errorf("annotations of the index: %v, error %v", m, err)
	}
	again, err := image.Push(t.Context(), ref, index(t), platforms)
	if err != nil || again != pushed {
		t.Errorf("a second push has digest %s and error %v, the first %s", again, err, pushed)
	}
	at := mustParse(t, ref)
	for _, p := range platforms {
		img, err := remote.Image(at, remote.WithPlatform(v1.Platform{OS: p.OS, Architecture: p.Arch}))
		if err != nil {
			t.Fatal(err)
		}
		checkConfig(t, img, p.Arch)
		checkFiles(t, img, p.Arch)
		checkSBOM(t, at, img, p)
	}
}

func checkConfig(t *testing.T, img v1.Image, arch string) {
	t.Helper()
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if file.Architecture != arch || file.OS != "linux" || !file.Created.Equal(release.Created) {
		t.Errorf("platform %s/%s, created %v", file.OS, file.Architecture, file.Created)
	}
	c := file.Config
	if diff := cmp.Diff([]string{"/syncer"}, c.Entrypoint); diff != "" || len(c.Cmd) > 0 || c.User != "65532:65532" {
		t.Errorf("entrypoint %q, command %q, user %s", c.Entrypoint, c.Cmd, c.User)
	}
	want := map[string]string{
		"org.opencontainers.image.created":       "2026-06-18T12:00:00Z",
		"org.opencontainers.image.description":   "Keeps a Kubernetes cluster equal to a Git repository of AI workspaces",
		"org.opencontainers.image.documentation": "https://github.com/syncer-dev/syncer/tree/v0.1.0/docs",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.revision":      release.Revision,
		"org.opencontainers.image.source":        "https://github.com/syncer-dev/syncer",
		"org.opencontainers.image.title":         "syncer",
		"org.opencontainers.image.version":       "v0.1.0",
	}
	if diff := cmp.Diff(want, c.Labels); diff != "" {
		t.Errorf("labels (-want +got)\n%s", diff)
	}
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, manifest.Annotations); diff != "" {
		t.Errorf("annotations (-want +got)\n%s", diff)
	}
}

func checkFiles(t *testing.T, img v1.Image, binary string) {
	t.Helper()
	var got []string
	for h, data := range files(t, mutate.Extract(img)) {
		got = append(got, fmt.Sprintf("%s %o %d", h.Name, h.Mode, h.Uid))
		if !h.ModTime.Equal(release.Created) {
			t.Errorf("%s has the time %v", h.Name, h.ModTime)
		}
		want := map[string]string{"syncer": binary, "LICENSE": "ours\n", "THIRD_PARTY_NOTICES": "theirs\n"}[h.Name]
		if want != "" && string(data) != want {
			t.Errorf("%s holds %q", h.Name, data)
		}
		if strings.HasSuffix(h.Name, ".crt") && !x509.NewCertPool().AppendCertsFromPEM(data) {
			t.Errorf("%s holds no certificate", h.Name)
		}
	}
	want := []string{
		"syncer 755 0", "etc 755 0", "etc/passwd 644 0", "etc/group 644 0", "etc/ssl 755 0", "etc/ssl/certs 755 0",
		"etc/ssl/certs/ca-certificates.crt 644 0", "home 755 0", "home/nonroot 700 65532", "tmp 1777 0", "LICENSE 644 0",
		"THIRD_PARTY_NOTICES 644 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got)\n%s", diff)
	}
}

// files yields the entries of an archive.
func files(t *testing.T, from io.ReadCloser) func(func(*tar.Header, []byte) bool) {
	return func(yield func(*tar.Header, []byte) bool) {
		defer from.Close()
		for r := tar.NewReader(from); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			data, unread := io.ReadAll(r)
			if err := errors.Join(err, unread); err != nil {
				t.Fatal(err)
			}
			if !yield(h, data) {
				return
			}
		}
	}
}

// checkSBOM finds the SBOM as a scanner does: by the referrers of the image.
func checkSBOM(t *testing.T, at name.Reference, img v1.Image, p image.Platform) {
	t.Helper()
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.Referrers(at.Context().Digest(digest.String()))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := found.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].ArtifactType != string(image.SBOMType) {
		t.Fatalf("referrers of %s: %+v", p.Arch, manifest.Manifests)
	}
	attached, err := remote.Image(at.Context().Digest(manifest.Manifests[0].Digest.String()))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := attached.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, error %v", len(layers), err)
	}
	blob, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	if text, err := io.ReadAll(blob); err != nil || !bytes.Equal(text, p.SBOM) {
		t.Errorf("the SBOM of %s is %q, error %v", p.Arch, text, err)
	}
}

func TestPushRefused(t *testing.T) {
	ref := server(t) + "/team/syncer:v0.1.0"
	for _, ref := range []string{"no reference", "127.0.0.1:1/team/syncer:v0.1.0"} {
		if _, err := image.Push(t.Context(), ref, index(t), platforms); err == nil {
			t.Errorf("a push to %q succeeds", ref)
		}
	}
	other := release
	other.Version = "v0.2.0"
	changed, err := image.Index(other, platforms)
	if err != nil {
		t.Fatal(err)
	}
	first, err := image.Push(t.Context(), ref, index(t), platforms)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := image.Push(t.Context(), ref, changed, platforms); err != nil || first == second {
		t.Errorf("another version has digest %s as well, error %v", second, err)
	}
}

// TestSave: the same image gives the same archive, whose entry point is the index of OCI.
func TestSave(t *testing.T) {
	dir := t.TempDir()
	var archives [2][]byte
	for i := range archives {
		path := filepath.Join(dir, fmt.Sprint(i, ".tar"))
		if err := image.Save(path, index(t)); err != nil {
			t.Fatal(err)
		}
		var err error
		if archives[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("two archives of one image differ")
	}
	digest, err := index(t).Digest()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for h, data := range files(t, io.NopCloser(bytes.NewReader(archives[0]))) {
		names[h.Name] = string(data)
	}
	if !strings.Contains(names["index.json"], digest.String()) || names["oci-layout"] == "" {
		t.Errorf("index.json does not name %s:\n%s", digest, names["index.json"])
	}
	if _, ok := names["blobs/sha256/"+digest.Hex]; !ok {
		t.Errorf("the archive has no blob %s", digest)
	}
}

// TestRoots: those of Azure, GitHub and Let's Encrypt are among them.
func TestRoots(t *testing.T) {
	found := map[string]bool{}
	for rest := image.Roots(); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		found[c.Subject.CommonName] = true
	}
	for _, wanted := range []string{
		"DigiCert Global Root G2", "Microsoft RSA Root Certificate Authority 2017", "ISRG Root X1",
	} {
		if !found[wanted] {
			t.Errorf("%s is missing among %d", wanted, len(found))
		}
	}
}
