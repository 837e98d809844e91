// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
)

// Input holds the published facts about a repository.
type Input struct {
	Repo       string // owner/name, in its true case
	Revision   string // commit; empty if unknown
	License    string // tag of Hugging Face, or name of a licence
	LicenseURL string // that the model card gives; may be empty
	Task       string
	BaseModels []string
	Gated      bool
	Parameters int64 // of the whole model; 0 if the repository does not state them

	Config Document // config.json, or params.json
	Index  Document // model.safetensors.index.json; may be empty
	Files  []File   // of the whole repository, with sub-folders; may be empty when there is an Index

	Name string // of the preset's folder; by default the last part of Repo, in lower case
}

// Document is a JSON file.
type Document struct {
	Name string // path, for the positions of errors
	Data []byte
}

// File is one file of a repository.
type File struct {
	Path string `json:"path"`
	Size int64  `json:"size"` // in bytes
	// Parameters is the result of Header; 0 if unknown.
	Parameters int64 `json:"-"`
}

// Result is the folder of a new preset.
type Result struct {
	Name     string // of the folder, below models
	Files    map[string][]byte
	Preset   preset.Preset
	Warnings []string // facts that a user should check before using the preset
}

// MaxConfig and MaxIndex bound the size of the documents, in bytes. The largest index there is, of a model with some
// hundred thousand tensors, takes about 15 MiB.
const (
	MaxConfig = 4 << 20
	MaxIndex  = 64 << 20
)

var repoName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)

// Repo returns an error unless name is OWNER/MODEL, the form of a Hugging Face repository.
func Repo(name string) error {
	if !repoName.MatchString(name) || strings.Contains(name, "..") {
		return diag.Errorf(diag.InvalidName, "%q is not the name of a Hugging Face repository", name).
			Suggest("write OWNER/MODEL")
	}
	return nil
}

// Preset generates the preset of a repository. The error is or holds a diag.Diagnostic, with the position if a document
// is invalid.
func Preset(in Input) (Result, error) {
	if err := Repo(in.Repo); err != nil {
		return Result{}, err
	}
	if err := cmp.Or(in.Config.within(MaxConfig), in.Index.within(MaxIndex)); err != nil {
		return Result{}, err
	}
	_, short, _ := strings.Cut(in.Repo, "/")
	short = strings.ToLower(short)
	name := in.Name
	if name == "" {
		name = short
	}
	if !preset.ValidName(name) {
		return Result{}, diag.Errorf(diag.InvalidName, "%q is not the name of a preset", name).
			Suggest("a name has at most 63 lower-case letters, digits, dots and dashes")
	}
	w, err := weightsOf(in)
	if err != nil {
		return Result{}, err
	}
	c, err := parse(in.Config)
	if err != nil {
		return Result{}, err
	}
	if err := foreignCode(c, in.Repo); err != nil {
		return Result{}, err
	}
	n, err := networkOf(c, short)
	if err != nil {
		return Result{}, err
	}
	if n.parameters == 0 {
		n.parameters = max(in.Parameters, w.parameters)
	}
	n.remoteCode = n.remoteCode || codeFiles(in.Files)
	d := draft{in: in, name: name, short: short, weights: w, network: n}
	if err := d.unservable(); err != nil {
		return Result{}, err
	}
	if d.model().Encoder() {
		d.network.kvBytes = 0
	}
	text := d.yaml()
	p, problems := preset.Parse("preset.yaml", text)
	for _, problem := range problems {
		return Result{}, fmt.Errorf("the preset that follows from %s is not valid: %w", in.Config.Name, problem)
	}
	p.Name = name
	return Result{
		Name:     name,
		Preset:   p,
		Warnings: d.warnings(),
		Files:    map[string][]byte{"preset.yaml": text, "kustomization.yaml": d.kustomization()},
	}, nil
}
