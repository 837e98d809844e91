// SPDX-License-Identifier: Apache-2.0

// Package modelconfig checks the settings of a model, which a Workspace names as ConfigMaps: inference_config.yaml and
// training_config.yaml. It says what the pinned image makes of each key and value, at its place in the text:
//
//	modelconfig.Inference("vllm:\n  swap-space: 4\n", modelconfig.Server{})
//	// 2:3: error: vllm.swap-space: is no flag of vLLM 0.25.1 any more; 0.17.1 was the last release with it
//
// An error is what cannot start in the pinned image, what breaks the Service, and what makes other code or another
// model run than plan and status tell. All else is a warning.
package modelconfig
