// SPDX-License-Identifier: Apache-2.0

// Package derive generates a preset from the files of a Hugging Face repository: config.json (or Mistral's params.json)
// and the list of files. It follows the rules by which KAITO v0.12 generates a preset at run time. Here they run once,
// and the result is a file that users review and pin in Git.
//
// All input is hostile: sizes are bounded, and invalid values are errors with their positions.
package derive
