// SPDX-License-Identifier: Apache-2.0

package derive

import (
	"slices"
	"strings"

	"syncer.dev/syncer/internal/diag"
	"syncer.dev/syncer/internal/preset"
)

// model returns what the name of the architecture says about the model.
func (d draft) model() preset.Model {
	if len(d.network.architectures) == 0 {
		return preset.Model{}
	}
	return preset.Model{Architecture: d.network.architectures[0]}
}

// pooling reports whether the model turns text into numbers: by its pipeline tag, by the modules of Sentence
// Transformers in its repository, or by its architecture.
func (d draft) pooling() bool {
	switch {
	case preset.PoolingTask(d.in.Task), preset.PoolingArchitecture(d.model().Architecture):
		return true
	case d.in.Task != "" && d.in.Task != "sentence-transformers":
		return false
	}
	return slices.ContainsFunc(d.in.Files, func(f File) bool { return f.Path == "modules.json" })
}

// poolingFlags are vLLM's flags of a model that turns text into numbers. vLLM selects the type that such a model is
// computed with: many are published in 32 bit. Its cache is not moved to the CPU, because an encoder has none.
func (d draft) poolingFlags(f map[string]string) map[string]string {
	f["dtype"], f["runner"], f[preset.FlagCPUCache] = "auto", "pooling", "0"
	return f
}

// unservable refuses a model that the server cannot serve as what it is, although it knows its architecture: a reranker
// that is a text generator by its form. vLLM scores texts with it only by overrides that differ for each such model.
func (d draft) unservable() error {
	architecture := d.model().Architecture
	if d.in.Task != preset.TaskRanking || preset.PoolingArchitecture(architecture) {
		return nil
	}
	return diag.Errorf(diag.UnsupportedModel,
		"%s ranks texts by words that it would generate (%s), which needs settings of its own", d.in.Repo, architecture).
		Suggest("take an edition of it for sequence classification, such as one whose name ends with -seq-cls")
}

// codeNames begin the names of the Python files that Transformers imports from a repository.
var codeNames = []string{
	"configuration_", "modeling_", "tokenization_", "processing_", "image_processing_", "video_processing_",
	"feature_extraction_",
}

// codeFiles reports whether the root of a repository holds Python files that a tokenizer or a processor may need; their
// own configuration names them, and not config.json.
func codeFiles(files []File) bool {
	return slices.ContainsFunc(files, func(f File) bool {
		return !strings.Contains(f.Path, "/") && strings.HasSuffix(f.Path, ".py") && begins([]string{f.Path}, codeNames)
	})
}

// codeSource says what shows whether the model has code of its own; without a list of files only config.json does.
func (d draft) codeSource(config string) string {
	if len(d.in.Files) == 0 {
		return "auto_map in " + config
	}
	return "auto_map in " + config + ", and the names of Python files"
}
