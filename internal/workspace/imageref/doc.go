// SPDX-License-Identifier: Apache-2.0

// Package imageref judges references to container images by their text: whether they are written as registries read
// them, and whether the registry is likely to ask for credentials. Pure.
//
//	Judge("Registry.example/Phi:1")        // a Fault: repository names are lower-case
//	Private("team.azurecr.io/phi:1")       // "team.azurecr.io", true
package imageref
