// SPDX-License-Identifier: Apache-2.0

// Package config is syncer's configuration: one strict YAML file. A flag or an environment variable can set each value,
// too. The file holds no secret, only the names of files and variables that do.
//
//	syncer.yaml ─ strictyaml ─> Config ─ environment ─ flags ─> check ─> Config, or Diagnostics with their positions
//
// The struct Config is the only list of keys: its tags have the defaults and descriptions, and from it come flags,
// variables, docs/configuration.md and the schema. For example, the field Capacity.AKS.GPUDeadline is the key
// capacity.aks.gpuDeadline, the flag --capacity-aks-gpu-deadline and the variable SYNCER_CAPACITY_AKS_GPU_DEADLINE.
package config
