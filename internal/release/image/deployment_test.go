// SPDX-License-Identifier: Apache-2.0

package image_test

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"syncer.dev/syncer/internal/config"
	"syncer.dev/syncer/internal/install"
	"syncer.dev/syncer/internal/release/image"
)

// pod returns the pod of "syncer install".
func pod(t *testing.T) corev1.PodSpec {
	t.Helper()
	all, err := install.Objects(install.Options{Image: install.Repository + ":v0.1.0", Settings: config.Default()})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if d, ok := o.(*appsv1.Deployment); ok {
			return d.Spec.Template.Spec
		}
	}
	t.Fatal("no Deployment is installed")
	return corev1.PodSpec{}
}

// TestDeployment: the image is what the Deployment of internal/install expects.
func TestDeployment(t *testing.T) {
	spec := pod(t)
	manifest, err := index(t).IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	img, err := index(t).Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := spec.Containers[0]

	// The arguments of the pod follow the entry point of the image.
	if len(c.Command) > 0 || c.Args[0] != "run" {
		t.Errorf("the pod runs %q with %q", c.Command, c.Args)
	}
	if user := spec.SecurityContext; *user.RunAsUser != image.User || *user.RunAsGroup != image.User {
		t.Errorf("the pod runs as %d:%d, the image as %d", *user.RunAsUser, *user.RunAsGroup, image.User)
	}
	for _, p := range c.Ports {
		if _, ok := file.Config.ExposedPorts[fmt.Sprint(p.ContainerPort, "/tcp")]; !ok {
			t.Errorf("the image does not expose port %d", p.ContainerPort)
		}
	}
	if !strings.HasSuffix(image.Source, strings.TrimPrefix(path.Dir(install.Repository), "ghcr.io")+"/syncer") {
		t.Errorf("the sources are at %s, the image at %s", image.Source, install.Repository)
	}

	// No volume hides a file of the image, and what is written is in a volume: the root is read-only.
	if !*c.SecurityContext.ReadOnlyRootFilesystem {
		t.Error("the root file system is writable")
	}
	writable := false
	for _, m := range c.VolumeMounts {
		writable = writable || m.MountPath == "/tmp" && !m.ReadOnly
		for h := range files(t, mutate.Extract(img)) {
			if !strings.HasSuffix(h.Name, "tmp") && strings.HasPrefix("/"+h.Name+"/", m.MountPath+"/") {
				t.Errorf("the volume %s hides /%s", m.Name, h.Name)
			}
		}
	}
	if !writable {
		t.Error("/tmp is no volume")
	}
}
