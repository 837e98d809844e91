// SPDX-License-Identifier: Apache-2.0

// Command release makes the files of a release that "go build" does not make. The Makefile and .goreleaser.yaml call
// it:
//
//	go run ./internal/release image registry.example.com/syncer:v0.1.0   # builds and pushes; *.tar writes an OCI archive
//	go run ./internal/release sbom bin/syncer syncer.spdx.json           # writes what it consists of, as SPDX
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"syncer.dev/syncer/internal/release/image"
	"syncer.dev/syncer/internal/release/notices"
	"syncer.dev/syncer/internal/release/sbom"
	"syncer.dev/syncer/internal/release/static"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// options are those of a run.
type options struct {
	root      string
	pkg       string // to build
	version   string
	platforms string
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	o := options{}
	flags.StringVar(&o.root, "root", ".", "folder of the module")
	flags.StringVar(&o.pkg, "package", "./cmd/syncer", "program to build")
	flags.StringVar(&o.version, "version", "", "version (default: as Git describes the commit)")
	flags.StringVar(&o.platforms, "platforms", "linux/amd64,linux/arm64", "platforms of the image")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch what := flags.Arg(0); {
	case what == "image" && flags.NArg() == 2:
		return o.image(ctx, flags.Arg(1), out)
	case what == "sbom" && flags.NArg() == 3:
		return o.sbom(ctx, flags.Arg(1), flags.Arg(2))
	}
	return errors.New("usage: release [FLAGS] image REFERENCE|FILE.tar, or: release [FLAGS] sbom PROGRAM FILE")
}

// link is the flag of the linker that sets the version.
const link = "-X syncer.dev/syncer/internal/version.version="

// image builds the program for each platform, and pushes or writes the image. It prints the digest.
func (o options) image(ctx context.Context, to string, out io.Writer) error {
	r, err := o.release(ctx)
	if err != nil {
		return err
	}
	licenses, err := o.licenses(ctx)
	if err != nil {
		return err
	}
	var platforms []image.Platform
	for platform := range strings.SplitSeq(o.platforms, ",") {
		system, arch, _ := strings.Cut(platform, "/")
		binary, err := static.Build(ctx, static.Program{
			Dir:     o.root,
			Package: o.pkg,
			OS:      system,
			Arch:    arch,
			Link:    link + r.Version,
		})
		if err != nil {
			return err
		}
		text, err := sbom.Of(binary, subject(r), licenses)
		if err != nil {
			return err
		}
		platforms = append(platforms, image.Platform{OS: system, Arch: arch, Binary: binary, SBOM: text})
	}
	index, err := image.Index(r, platforms)
	if err != nil {
		return err
	}
	if filepath.Ext(to) != ".tar" {
		pushed, err := image.Push(ctx, to, index, platforms)
		if err == nil {
			_, err = fmt.Fprintln(out, pushed)
		}
		return err
	}
	if err := image.Save(to, index); err != nil {
		return err
	}
	for _, p := range platforms {
		name := strings.TrimSuffix(to, ".tar") + "-" + p.OS + "-" + p.Arch + ".spdx.json"
		if err := os.WriteFile(name, p.SBOM, 0o644); err != nil {
			return err
		}
	}
	digest, err := index.Digest()
	if err == nil {
		_, err = fmt.Fprintln(out, digest)
	}
	return err
}

// sbom writes the SBOM of a program that is built already.
func (o options) sbom(ctx context.Context, program, to string) error {
	binary, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	r, err := o.release(ctx)
	if err != nil {
		return err
	}
	licenses, err := o.licenses(ctx)
	if err != nil {
		return err
	}
	text, err := sbom.Of(binary, subject(r), licenses)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}

func subject(r image.Release) sbom.Subject {
	return sbom.Subject{Name: "syncer", Version: r.Version, Source: image.Source, Created: r.Created}
}

// licenses returns the licence of each module that is linked on any platform.
func (o options) licenses(ctx context.Context) (map[string]string, error) {
	modules, err := notices.Linked(ctx, o.root, o.pkg)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, m := range modules {
		out[m.Path] = m.License()
	}
	return out, nil
}

// release describes the commit that is checked out. Its time is that of everything in the image, so that a second build
// of the commit gives the same bytes; SOURCE_DATE_EPOCH overrides it.
func (o options) release(ctx context.Context) (image.Release, error) {
	r := image.Release{Version: o.version}
	var err error
	if r.License, err = os.ReadFile(filepath.Join(o.root, "LICENSE")); err != nil {
		return r, err
	}
	if r.Notices, err = os.ReadFile(filepath.Join(o.root, "THIRD_PARTY_NOTICES")); err != nil {
		return r, err
	}
	if r.Version == "" {
		if r.Version, err = o.git(ctx, "describe", "--tags", "--always", "--dirty"); err != nil {
			return r, err
		}
	}
	if r.Revision, err = o.git(ctx, "rev-parse", "HEAD"); err != nil {
		return r, err
	}
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		if seconds, err = o.git(ctx, "show", "--no-patch", "--format=%ct", "HEAD"); err != nil {
			return r, err
		}
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return r, fmt.Errorf("read the time of the commit: %w", err)
	}
	r.Created = time.Unix(n, 0).UTC()
	return r, nil
}

func (o options) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = o.root
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], err)
	}
	return strings.TrimSpace(string(text)), nil
}
