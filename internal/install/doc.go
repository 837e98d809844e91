// SPDX-License-Identifier: Apache-2.0

// Package install says what syncer consists of in a Kubernetes cluster: a namespace, rights, a configuration and a
// Deployment. It makes the objects once, and writes them in three forms: as one stream for kubectl, as a base for
// Kustomize, and as a Helm chart. Pure.
//
//	objects, err := install.Objects(install.Options{Image: "registry.example.com/syncer:v1", Config: text, Settings: c})
//	text, err := install.YAML(objects)
package install
