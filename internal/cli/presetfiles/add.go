// SPDX-License-Identifier: Apache-2.0

package presetfiles

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"

	"syncer.dev/syncer/internal/app/lookup"
	"syncer.dev/syncer/internal/cli/answer"
	"syncer.dev/syncer/internal/derive"
	"syncer.dev/syncer/internal/source"
)

// Addition is a model to make a preset for.
type Addition struct {
	Repo string // owner and name on Hugging Face
	Dir  string // presets folder of a repository; also the folder models in it, or that of the preset
	Name string // of the preset; "" for the last part of Repo
	// Revision is a commit to pin, or a branch or tag; "" for the default branch.
	Revision string

	// Config and Index, or From, are local files. Without any, Hugging Face is asked.
	Config, Index, From string
	License             string // of a model of local files
	Gated               bool   // whether downloading such a model needs a token

	Endpoint, Token string // of Hugging Face; "" for its own address, and for no token
	Force           bool   // overwrite a preset that exists
}

// Add derives the preset, checks that it can be used, and writes it. It returns its folder.
func (a Addition) Add(ctx context.Context) (folder string, r derive.Result, err error) {
	if err := derive.Repo(a.Repo); err != nil {
		return "", r, err
	}
	in, err := a.input(ctx)
	if err != nil {
		return "", r, err
	}
	var dir string
	dir, in.Name = presetsTree(a.Dir, a.Name)
	if r, err = derive.Preset(in); err != nil {
		return "", r, answer.No("%v", err)
	}
	if err := usable(ctx, dir, r); err != nil {
		return "", r, err
	}
	folder = filepath.Join(dir, "models", r.Name)
	return folder, r, write(folder, r.Files, a.Force)
}

// presetsTree finds the presets folder. The user may also name the folder models in it, or the folder of the preset.
func presetsTree(dir, name string) (tree, preset string) {
	dir = filepath.Clean(dir)
	switch up := filepath.Dir(dir); {
	case filepath.Base(dir) == "models":
		return up, name
	case filepath.Base(up) == "models":
		return filepath.Dir(up), cmp.Or(name, filepath.Base(dir))
	}
	return dir, name
}

// input reads the files that the options name, or asks Hugging Face when they name none.
func (a Addition) input(ctx context.Context) (derive.Input, error) {
	if a.Config == "" && a.Index == "" && a.From == "" {
		return a.look(ctx)
	}
	in := derive.Input{Repo: a.Repo, Revision: a.Revision, License: a.License, Gated: a.Gated}
	var err error
	switch {
	case a.From != "" && (a.Config != "" || a.Index != ""):
		return in, errors.New("either --from, or --config and --index")
	case a.From != "":
		err = source.ReadModelFolder(a.From, &in)
	case a.Config == "" || a.Index == "":
		return in, errors.New("both --config and --index are needed")
	default:
		err = source.ReadModelFiles(a.Config, a.Index, &in)
	}
	return in, err
}

// look asks Hugging Face.
func (a Addition) look(ctx context.Context) (derive.Input, error) {
	in, err := lookup.Model(ctx, a.Endpoint, a.Token, a.Repo, a.Revision)
	var unreachable *lookup.UnreachableHubError
	if errors.As(err, &unreachable) {
		return in, OfflineError{Err: err}
	}
	return in, err
}

// OfflineError is a failure to reach Hugging Face.
type OfflineError struct{ Err error }

// Error returns the failure.
func (e OfflineError) Error() string { return e.Err.Error() }

// Unwrap returns the failure.
func (e OfflineError) Unwrap() error { return e.Err }

// Hint returns the way that needs no network.
func (OfflineError) Hint() string {
	return "without network, download config.json and the index, and give them with --config and --index"
}
