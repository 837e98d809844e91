// SPDX-License-Identifier: Apache-2.0

// Package memory estimates the memory of one GPU that serves a model with vLLM:
//
//	weights + KV cache + activations + adapters + overhead + margin <= utilization x memory of the GPU
//
// A Server has what the estimate depends on: the Facts of the model, the settings of vLLM on a kind of GPU (Engine),
// the longest sequence, and the adapters. Its method On adds up the terms for a Layout, which says how the model is
// spread over GPUs:
//
//	facts := memory.ServedFacts(p)
//	server := memory.Server{
//		GPU:     size,
//		Facts:   &facts,
//		Engine:  memory.EngineOn(size, &facts, memory.Flags(p, nil), memory.Mode{}),
//		Context: memory.Context(p.Model, 0),
//	}
//	fits := server.On(memory.Layout{Nodes: 1, Tensor: 4, Pipeline: 1, Data: 1}).Fits()
//
// Each term has a file of its own, and names the source of its formula. What depends on the version of vLLM in the
// image is in release.go, and testdata/starts.json holds the estimate against measured starts. The package knows no
// Workspace, no price and no choice of a size: see package sizing.
package memory
