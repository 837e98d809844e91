// SPDX-License-Identifier: Apache-2.0

package preset

import (
	"slices"
	"strings"
)

// poolingTasks are the pipeline tags of models that turn text into numbers: vectors, scores or classes. vLLM serves
// them with "--runner pooling", and without its chat API (vLLM, docs/models/pooling_models).
var poolingTasks = []string{
	"feature-extraction", "sentence-similarity", "text-ranking", "text-classification", "token-classification",
}

// TaskRanking is the pipeline tag of models that sort texts by how well they answer a question.
const TaskRanking = "text-ranking"

// poolingEndings end the names of architectures that vLLM serves with "--runner pooling" only: it converts those
// without a head for text, and knows the others (vLLM, model_executor/models/registry.py).
var poolingEndings = []string{
	"ForSequenceClassification", "ForTokenClassification", "ForTextEncoding", "ForRanking", "ForRetrieval",
	"EmbeddingModel", "EmbedModel", "RewardModel", "ForRewardModeling",
}

// encoders begin the names of architectures that look at a whole text at once: they keep no cache of it, and compute
// each text in one step.
var encoders = []string{
	"Bert", "Bge", "ColBERT", "DistilBert", "Electra", "Gte", "HF_ColBERT", "Jina", "ModernBert", "NewModel", "NomicBert",
	"Roberta", "XLMRoberta",
}

// PoolingTask reports whether a pipeline tag is that of models that turn text into numbers.
func PoolingTask(tag string) bool { return slices.Contains(poolingTasks, tag) }

// PoolingArchitecture reports whether models of an architecture cannot generate text, by its name.
func PoolingArchitecture(name string) bool {
	ends := func(end string) bool { return strings.HasSuffix(name, end) }
	return encoder(name) || slices.ContainsFunc(poolingEndings, ends)
}

func encoder(architecture string) bool {
	return slices.ContainsFunc(encoders, func(start string) bool { return strings.HasPrefix(architecture, start) })
}

// Encoder reports whether the architecture looks at a whole text at once, and so keeps no cache of keys and values.
func (m Model) Encoder() bool { return encoder(m.Architecture) }

// Pooling reports whether the model turns text into numbers, such as vectors for a search: it answers no chat, and the
// server has other endpoints.
func (p Preset) Pooling() bool {
	runner := p.RunParameters[VLLM]["runner"]
	if runner != "" && runner != "auto" {
		return runner == "pooling"
	}
	return PoolingTask(p.Task) || PoolingArchitecture(p.Model.Architecture)
}
