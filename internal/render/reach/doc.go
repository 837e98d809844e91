// SPDX-License-Identifier: Apache-2.0

// Package reach lets the pods of Workspaces run in a cluster that reaches neither public registries nor Hugging Face:
// it takes images from mirrors, and tells containers of an endpoint and a proxy. It changes rendered objects last,
// after the policy for pods has judged them, so that presets, patches and policies name images as everywhere.
//
//	mirror := reach.Mirror{From: "docker.io", To: "registry.example.com/hub"}
//	objects = reach.Settings{Registries: []reach.Mirror{mirror}}.Apply(objects)
package reach
