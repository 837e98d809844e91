// SPDX-License-Identifier: Apache-2.0

// Package static builds a Go program for a platform as releases ship it: static, stripped, without paths of the machine
// that built it, so that the same sources and the same Go give the same bytes everywhere.
//
//	binary, err := static.Build(ctx, static.Program{Package: "./cmd/syncer", OS: "linux", Arch: "arm64"})
package static

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Program is what to build.
type Program struct {
	Dir      string // of the module; the working folder if empty
	Package  string
	OS, Arch string
	Link     string // further flags of the linker
}

// Build returns the program's bytes. A program for Linux is checked: see Check.
func Build(ctx context.Context, p Program) (_ []byte, err error) {
	dir, err := os.MkdirTemp("", "syncer-build-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "program")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w "+p.Link, "-o", file, p.Package)
	cmd.Dir = p.Dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.OS, "GOARCH="+p.Arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build %s for %s/%s: %w\n%s", p.Package, p.OS, p.Arch, err, out)
	}
	binary, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if p.OS == "linux" {
		err = Check(binary)
	}
	return binary, err
}

// Check returns an error unless a program for Linux runs without any other file, and has no table of symbols.
func Check(binary []byte) error {
	f, err := elf.NewFile(bytes.NewReader(binary))
	if err != nil {
		return fmt.Errorf("read the program: %w", err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return errors.New("the program is not static: it needs a dynamic linker")
		}
	}
	if f.Section(".symtab") != nil {
		return errors.New("the program is not stripped: it has a table of symbols")
	}
	return nil
}
