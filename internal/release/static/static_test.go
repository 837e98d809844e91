// SPDX-License-Identifier: Apache-2.0

package static_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"syncer.dev/syncer/internal/release/static"
)

// TestBuild builds for both platforms of the image; the program passes Check, and has no path of this machine.
func TestBuild(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		binary, err := static.Build(t.Context(), static.Program{
			Dir: "../../..", Package: "./internal/release/testdata/program", OS: "linux", Arch: arch,
		})
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(binary, []byte(here[:strings.LastIndex(here, "/internal/")])) {
			t.Errorf("the program for %s names the folder that it was built in", arch)
		}
	}
}

func TestBuildFails(t *testing.T) {
	_, err := static.Build(t.Context(), static.Program{Package: "./nothing", OS: "linux", Arch: "amd64"})
	if err == nil || !strings.Contains(err.Error(), "build ./nothing for linux/amd64") {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	if err := static.Check([]byte("#!/bin/sh")); err == nil {
		t.Error("a script passes")
	}
}
