// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// release runs the command for a small program instead of syncer.
func release(t *testing.T, args ...string) (string, error) {
	t.Helper()
	t.Setenv("SOURCE_DATE_EPOCH", "1781784000")
	var out bytes.Buffer
	given := []string{"-root", "../..", "-package", "./internal/release/testdata/program", "-version", "v0.1.0"}
	args = append(given, args...)
	err := run(t.Context(), args, &out)
	return strings.TrimSpace(out.String()), err
}

// TestImage: an archive and a registry get the same image, and a second build is the same.
func TestImage(t *testing.T) {
	dir := t.TempDir()
	digest, err := release(t, "image", filepath.Join(dir, "syncer.tar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"syncer.tar", "syncer-linux-amd64.spdx.json", "syncer-linux-arm64.spdx.json"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Error(name, err)
		}
	}
	quiet := registry.Logger(log.New(io.Discard, "", 0))
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), quiet))
	t.Cleanup(server.Close)
	repository := strings.TrimPrefix(server.URL, "http://") + "/team/syncer"
	if pushed, err := release(t, "image", repository+":v0.1.0"); err != nil || pushed != repository+"@"+digest {
		t.Errorf("pushed %s, error %v; the archive has %s", pushed, err, digest)
	}
}

func TestSBOM(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The tests link what syncer does not: go-containerregistry.
	_, err = release(t, "sbom", program, filepath.Join(t.TempDir(), "x.json"))
	if err == nil || !strings.Contains(err.Error(), "is unknown") {
		t.Error(err)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"image"},
		{"ship", "it"},
		{"sbom", "x"},
		{"sbom", "nowhere", "x"},
		{"-platforms", "linux/z80", "image", "x.tar"},
	} {
		if _, err := release(t, args...); err == nil {
			t.Errorf("%q succeeds", args)
		}
	}
}
