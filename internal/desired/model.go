// SPDX-License-Identifier: Apache-2.0

package desired

import (
	"syncer.dev/syncer/internal/preset"
	"syncer.dev/syncer/internal/workspace"
)

// Unpinned is the Revision of a model of which pods fetch the head of the branch main when they start.
const Unpinned = "unpinned"

// Model is which model a Workspace runs. The zero value is that of a pod template, whose model is not known.
type Model struct {
	Repo string // Hugging Face repository, in its true case
	// Revision is the commit that pods fetch, or Unpinned; "" if they fetch nothing: the model comes with an image or lies
	// on the node.
	Revision string
	// RemoteCode reports that the server runs Python code of the repository.
	RemoteCode bool
}

// ModelOf returns which model of a preset the Workspace runs.
func ModelOf(w *workspace.Workspace, p preset.Preset) Model {
	m := Model{Repo: p.Repo}
	runtime := preset.VLLM
	if w.Transformers() {
		runtime = preset.Transformers
	}
	m.RemoteCode = w.Inference != nil && p.RemoteCode(runtime)
	switch {
	case p.Repo == "" || !w.Downloads():
	case p.Revision == "":
		m.Revision = Unpinned
	default:
		m.Revision = p.Revision
	}
	return m
}
