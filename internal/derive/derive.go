// Package derive works out a preset from what a Hugging Face repository publishes about a model: config.json (or Mistral's
// params.json) and the list of its files. The rules are those by which KAITO v0.12 generates a preset at run time; here they run
// once, and what comes out is a file that is reviewed and pinned in Git.
//
// All input is hostile: sizes are bounded, and whatever makes no sense is an error with the position at which it is written.
package derive

import (
	"fmt"
	"regexp"
	"strings"

	"syncer.dev/syncer/internal/preset"
)

// Input is what is known about a repository.
type Input struct {
	Repo       string // owner/name, in its true case
	Revision   string // commit; empty when it is not known
	License    string
	Task       string
	BaseModels []string
	Gated      bool
	Parameters int64 // of the whole model, if the repository says so

	Config Document // config.json, or params.json
	Index  Document // model.safetensors.index.json; may be empty
	Files  []File   // of the whole repository, with sub-folders; may be empty when there is an Index

	Name string // of the preset's folder; by default the last part of Repo, in lower case
}

// Document is a JSON file.
type Document struct {
	Name string // path, to say where something is wrong
	Data []byte
}

// File is one file of a repository.
type File struct {
	Path string `json:"path"`
	Size int64  `json:"size"` // in bytes
	// Parameters is what Header counts; 0 when it is not known.
	Parameters int64 `json:"-"`
}

// Result is the folder of a new preset.
type Result struct {
	Name     string // of the folder, below models
	Files    map[string][]byte
	Preset   preset.Preset
	Warnings []string // what somebody should look at before relying on it
}

// MaxConfig and MaxIndex bound the size of the documents, in bytes. The largest index there is, of a model with some hundred
// thousand tensors, takes about 15 MiB.
const (
	MaxConfig = 4 << 20
	MaxIndex  = 64 << 20
)

var repoName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)

// Repo checks the name of a repository.
func Repo(name string) error {
	if !repoName.MatchString(name) || strings.Contains(name, "..") {
		return fmt.Errorf("%q is not a Hugging Face repository: it is OWNER/MODEL", name)
	}
	return nil
}

// Preset works out the preset of a repository.
func Preset(in Input) (Result, error) {
	if err := Repo(in.Repo); err != nil {
		return Result{}, err
	}
	if len(in.Config.Data) > MaxConfig {
		return Result{}, fmt.Errorf("%s is larger than %d MiB", in.Config.Name, MaxConfig>>20)
	}
	if len(in.Index.Data) > MaxIndex {
		return Result{}, fmt.Errorf("%s is larger than %d MiB", in.Index.Name, MaxIndex>>20)
	}
	_, short, _ := strings.Cut(in.Repo, "/")
	short = strings.ToLower(short)
	name := in.Name
	if name == "" {
		name = short
	}
	if !preset.ValidName(name) {
		return Result{}, fmt.Errorf("%q cannot be the name of a preset: lower-case letters, digits, dots and dashes, at most 63", name)
	}
	w, err := weightsOf(in)
	if err != nil {
		return Result{}, err
	}
	c, err := parse(in.Config)
	if err != nil {
		return Result{}, err
	}
	n, err := networkOf(c, short)
	if err != nil {
		return Result{}, err
	}
	if n.parameters == 0 {
		n.parameters = max(in.Parameters, w.parameters)
	}
	d := draft{in: in, name: name, short: short, weights: w, network: n}
	text := d.yaml()
	p, problems := preset.Parse("preset.yaml", text)
	for _, problem := range problems {
		return Result{}, fmt.Errorf("what was worked out makes no sense: %w", problem)
	}
	p.Name = name
	return Result{
		Name: name, Preset: p, Warnings: d.warnings(),
		Files: map[string][]byte{"preset.yaml": text, "kustomization.yaml": d.kustomization()},
	}, nil
}
