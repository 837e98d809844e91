// SPDX-License-Identifier: Apache-2.0

// Package imagespec knows what the pinned release of KAITO's base image takes: every flag of its vLLM with type and
// range, the chat templates and parsers in it, the flags and keys of KAITO's wrapper, and the keys of each section of
// its tuning program.
//
// The facts are one data file per release of the image, written by generate.py from the argument definitions of the
// releases that the file names ("make imagedata"); Image selects the file. Nothing in it is from memory.
//
//	spec := imagespec.Current()
//	spec.Flag("max_model_len") // max-model-len, a length
package imagespec
