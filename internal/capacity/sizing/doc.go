// SPDX-License-Identifier: Apache-2.0

// Package sizing turns a model and its settings into a Demand: on which sizes, and on how many nodes and GPUs, it runs.
//
// Size answers for one Request. It evaluates every size of the catalogue (or the one that the user names):
//
//	compute capability  can the GPU do the arithmetic of the model           (compute.go, dtype.go)
//	layout              tensor, pipeline and data parallel GPUs              (layout.go, parallel.go)
//	memory              what one GPU takes, of what it has                   (serve.go, package memory)
//	price               all nodes, per hour                                  (candidates.go)
//
// Tuning has its own terms of memory (tuning.go, training.go). The Demand lists the sizes that fit, cheapest first, or
// the error says what is missing and what would help. Package memory beside it estimates the memory of a GPU and knows
// no Request; package kaito answers with KAITO's own arithmetic.
package sizing
