// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"syncer.dev/syncer/internal/release/image"
	"syncer.dev/syncer/internal/release/static"
)

// workspace is what the image is asked about.
const workspace = `apiVersion: kaito.sh/v1beta1
kind: Workspace
metadata:
  name: phi
resource:
  instanceType: Standard_NC24ads_A100_v4
  labelSelector:
    matchLabels: {apps: phi}
inference:
  preset:
    name: phi-4
`

// TestRun runs syncer itself from its image: with no file of this machine, and as the user of the image.
func TestRun(t *testing.T) {
	binary, err := static.Build(t.Context(), static.Program{
		Package: "syncer.dev/syncer/cmd/syncer", OS: "linux", Arch: runtime.GOARCH,
	})
	if err != nil {
		t.Fatal(err)
	}
	index, err := image.Index(release, []image.Platform{
		{OS: "linux", Arch: runtime.GOARCH, Binary: binary, SBOM: []byte(`{}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	img, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	root := unpacked(t, img)
	if err := os.WriteFile(filepath.Join(root, "tmp", "phi.yaml"), []byte(workspace), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"version"}, "syncer "},
		{[]string{"validate", "/tmp/phi.yaml"}, ""},
		{[]string{"size", "/tmp/phi.yaml"}, "Standard_NC24ads_A100_v4"},
		{[]string{"presets", "list", "-o", "name"}, "phi-4"},
	} {
		out, err := inside(root, config.Config, c.args...)
		if err != nil || !strings.Contains(out, c.want) {
			t.Errorf("syncer %s: %v\n%s", strings.Join(c.args, " "), err, out)
		}
	}
}

// unpacked returns a folder with the files of an image, with the owners that they have there if this is root.
func unpacked(t *testing.T, img v1.Image) string {
	t.Helper()
	root := t.TempDir()
	for h, data := range files(t, mutate.Extract(img)) {
		path := filepath.Join(root, filepath.FromSlash(h.Name))
		var err error
		if h.Typeflag == tar.TypeDir {
			err = os.Mkdir(path, 0o700)
		} else {
			err = os.WriteFile(path, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if os.Getuid() == 0 {
			if err := os.Chown(path, h.Uid, h.Gid); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(path, h.FileInfo().Mode()); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// inside runs the program of an image in its files, and returns what it prints. Who is not root needs user namespaces.
func inside(root string, c v1.Config, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := exec.Command(c.Entrypoint[0], args...)
	cmd.Dir, cmd.Env = c.WorkingDir, c.Env
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: image.User, Gid: image.User}
	} else {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: image.User, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: image.User, HostID: os.Getgid(), Size: 1}}
	}
	err := cmd.Run()
	return out.String(), err
}
